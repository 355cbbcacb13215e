// Where blocks go: columns for events that overlap in a day, lanes for bars that cross a week. Pure.

export interface Span {
  start: number;
  end: number;
}

export interface Placed<T> {
  item: T;
  column: number;
  /** Columns of the group this block shares its width with. */
  columns: number;
  /** Columns it may cover because nothing else is there. */
  width: number;
}

/** Blocks sorted by start; each group of blocks that touch shares the width. */
export const placeColumns = <T extends Span>(items: T[]): Placed<T>[] => {
  const placed: Placed<T>[] = [];
  let group: Placed<T>[] = [];
  let ends: number[] = [];
  const close = (): void => {
    for (const one of group) {
      one.columns = ends.length;
      let width = 1;
      while (one.column + width < ends.length && group.every((other) => other.column !== one.column + width || !overlaps(one.item, other.item))) width++;
      one.width = width;
    }
    placed.push(...group);
    group = [];
    ends = [];
  };
  for (const item of [...items].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (group.length > 0 && item.start >= Math.max(...ends)) close();
    let column = ends.findIndex((end) => end <= item.start);
    if (column < 0) column = ends.length;
    ends[column] = item.end;
    group.push({ item, column, columns: 1, width: 1 });
  }
  close();
  return placed;
};

const overlaps = (a: Span, b: Span): boolean => a.start < b.end && b.start < a.end;

export interface Bar<T> {
  item: T;
  lane: number;
  from: number; // first column, 0-based
  to: number; // exclusive
  /** The bar goes on before or after this week. */
  before: boolean;
  after: boolean;
}

/** `first` and `last` are day numbers, last inclusive; items come in the order they should be stacked. */
export const placeLanes = <T>(items: { item: T; first: number; last: number }[], week: number, days = 7): Bar<T>[] => {
  const lanes: boolean[][] = [];
  const bars: Bar<T>[] = [];
  for (const { item, first, last } of items) {
    const from = Math.max(0, first - week);
    const to = Math.min(days, last - week + 1);
    if (to <= from) continue;
    let lane = 0;
    while (lanes[lane]?.slice(from, to).some(Boolean)) lane++;
    const row = (lanes[lane] ??= Array.from({ length: days }, () => false));
    row.fill(true, from, to);
    bars.push({ item, lane, from, to, before: first < week, after: last >= week + days });
  }
  return bars;
};
