// A large iCalendar file cut into small ones, by text alone: so that reading it never makes the page stand still.
//
// What has one UID stays together, and every piece brings the properties and time zones of its calendar.

interface Root {
  /** Properties of the calendar, and its time zones. */
  head: string[];
}

interface Block {
  root: number;
  uid: string;
  lines: string[];
}

const MEMBER = /^BEGIN:(VEVENT|VTODO|VJOURNAL)$/i;

/** One piece with everything when the file is not what it should be: its reader says what is wrong. */
export const chunksOf = (text: string, size: number): string[] => {
  const found = scan(text.replace(/^\uFEFF/, '').split(/\r?\n/));
  if (!found || found.blocks.length <= size) return [text];
  const byUid = new Map<string, Block[]>();
  for (const one of found.blocks) byUid.set(one.uid, [...(byUid.get(one.uid) ?? []), one]);
  const groups = [...byUid.values()];
  const chunks: string[] = [];
  for (let at = 0; at < groups.length; at += size) chunks.push(print(found.roots, groups.slice(at, at + size).flat()));
  return chunks;
};

const scan = (lines: string[]): { roots: Root[]; blocks: Block[] } | null => {
  const roots: Root[] = [];
  const blocks: Block[] = [];
  const open: string[] = [];
  let block: Block | null = null;
  for (const [index, line] of lines.entries()) {
    const [, edge, name] = /^(BEGIN|END):(.+)$/i.exec(line.trimEnd()) ?? [];
    if (edge?.toUpperCase() === 'BEGIN') {
      if (open.length === 0) roots.push({ head: [] });
      if (open.length === 1 && MEMBER.test(line.trimEnd())) blocks.push((block = { root: roots.length - 1, uid: `no UID, line ${index}`, lines: [] }));
      open.push(name!.toUpperCase());
    }
    if (block) block.lines.push(line);
    else if (open.length > 0) roots.at(-1)!.head.push(line);
    if (block && open.length === 2 && /^UID[:;]/i.test(line)) block.uid = unfolded(lines, index);
    if (edge?.toUpperCase() === 'END') {
      if (open.pop() !== name!.toUpperCase()) return null;
      if (open.length === 1) block = null;
    }
  }
  return open.length === 0 && roots.length > 0 ? { roots, blocks } : null;
};

const unfolded = (lines: string[], index: number): string => {
  let line = lines[index]!;
  for (let next = index + 1; /^[ \t]/.test(lines[next] ?? ''); next++) line += lines[next]!.slice(1);
  return line.slice(line.indexOf(':') + 1).trim();
};

const print = (roots: Root[], blocks: Block[]): string =>
  roots.flatMap(({ head }, root) => {
    const own = blocks.filter((one) => one.root === root);
    // The last line of the head ends the calendar.
    return own.length > 0 ? [...head.slice(0, -1), ...own.flatMap((one) => one.lines), head.at(-1)!] : [];
  }).join('\r\n');
