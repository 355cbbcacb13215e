// Import: a file is taken apart by UID, every piece is sent, and what was refused is listed with the reason.
import { useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { splitFile, type Piece } from '../ical/split';
import { Dialog } from '../parts/dialog';
import { SelectField } from '../parts/field';
import { refresh, writable } from '../store/calendars';
import { closePanel } from '../store/panels';
import { freshId } from '../store/session';
import { chunksOf } from './chunks';
import { sendPiece, type Refusal } from './send';

interface Progress {
  /** 0 while the file is read. */
  total: number;
  done: number;
  added: number;
  refused: Refusal[];
  finished: boolean;
}

const AT_ONCE = 4;
/** Events that are read in one go; between them the page is drawn. */
const CHUNK = 100;
const NOTHING: Progress = { total: 0, done: 0, added: 0, refused: [], finished: false };

const drawn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

const readPieces = async (text: string, stopped: () => boolean): Promise<Piece[]> => {
  const pieces: Piece[] = [];
  for (const chunk of chunksOf(text, CHUNK)) {
    await drawn();
    if (stopped()) return [];
    pieces.push(...splitFile(chunk, freshId));
  }
  return pieces;
};

export const ImportDialog = ({ calendar: first }: { calendar: string }) => {
  const [calendar, setCalendar] = useState(first || writable.value[0]?.href || '');
  const [problem, setProblem] = useState('');
  const [progress, setProgress] = useState<Progress | null>(null);
  const stop = useRef(false);
  const start = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    setProblem('');
    setProgress(NOTHING);
    stop.current = false;
    const fail = (key: 'import.unreadable' | 'import.nothing'): void => {
      setProgress(null);
      setProblem(t(key, { name: file.name }));
    };
    try {
      const pieces = await readPieces(await file.text(), () => stop.current);
      if (stop.current) setProgress(null);
      else if (pieces.length === 0) fail('import.nothing');
      else await run(pieces);
    } catch {
      fail('import.unreadable');
    }
  };
  const run = async (pieces: Piece[]): Promise<void> => {
    const state: Progress = { ...NOTHING, total: pieces.length, refused: [] };
    const waiting = [...pieces];
    const worker = async (): Promise<void> => {
      for (let piece = waiting.shift(); piece && !stop.current; piece = waiting.shift()) {
        const refusal = await sendPiece(calendar, piece, () => stop.current);
        state.done++;
        if (refusal) state.refused.push(refusal);
        else state.added++;
        setProgress({ ...state });
      }
    };
    setProgress({ ...state });
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    setProgress({ ...state, finished: true });
    void refresh().catch(() => undefined);
  };
  const running = progress !== null && !progress.finished;
  // What was stopped says first how far it came; only asked again does it go.
  const close = (): void => {
    if (!running || stop.current) closePanel();
    stop.current = true;
  };
  return (
    <Dialog title={t('import.title')} onClose={close} size="medium" actions={<><span class="spring" /><button type="button" class="button" onClick={close}>{t(running ? 'import.stop' : 'close')}</button></>}>
      {!progress && (
        <>
          <SelectField label={t('import.into')} value={calendar} onChange={setCalendar}>
            {writable.value.map((one) => <option key={one.href} value={one.href}>{one.name}</option>)}
          </SelectField>
          <label class="drop" onDragOver={(event) => event.preventDefault()} onDrop={(event) => { event.preventDefault(); void start(event.dataTransfer?.files[0]); }}>
            <input type="file" accept=".ics,.ical,.ifb,text/calendar" onChange={(event) => void start(event.currentTarget.files?.[0])} />
            <span>{t('import.drop')}</span>
          </label>
          {problem && <p class="problem" role="alert">{problem}</p>}
        </>
      )}
      {progress && <Report progress={progress} />}
    </Dialog>
  );
};

const Report = ({ progress }: { progress: Progress }) => (
  <div class="import-report">
    <progress max={progress.total || 1} value={progress.total ? progress.done : undefined} aria-label={t('import.progress')} />
    <p role="status">
      {progress.finished ? t('import.finished', { n: progress.added, total: progress.total })
        : progress.total ? t('import.running', { done: progress.done, total: progress.total }) : t('import.reading')}
    </p>
    {progress.refused.length > 0 && (
      <>
        <h3>{t('import.refused', { n: progress.refused.length })}</h3>
        <ul class="refusals">
          {progress.refused.map((one, index) => <li key={index}><strong>{one.title || t('event.untitled')}</strong> <span>{one.reason}</span></li>)}
        </ul>
      </>
    )}
  </div>
);
