// Import: a file is taken apart by UID, every piece is sent, and what was refused is listed with the reason.
import { useRef, useState } from 'preact/hooks';
import { DavError } from '../caldav/client';
import { write } from '../caldav/objects';
import { t } from '../i18n';
import { splitFile, type Piece } from '../ical/split';
import { Dialog } from '../parts/dialog';
import { SelectField } from '../parts/field';
import { hrefFor } from '../store/actions';
import { refresh, writable } from '../store/calendars';
import { sentence } from '../store/notices';
import { closePanel } from '../store/panels';
import { client, freshId } from '../store/session';

interface Refusal {
  title: string;
  reason: string;
}

interface Progress {
  total: number;
  done: number;
  added: number;
  refused: Refusal[];
  finished: boolean;
}

const AT_ONCE = 4;

export const ImportDialog = ({ calendar: first }: { calendar: string }) => {
  const [calendar, setCalendar] = useState(first || writable.value[0]?.href || '');
  const [problem, setProblem] = useState('');
  const [progress, setProgress] = useState<Progress | null>(null);
  const stop = useRef(false);
  const start = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    setProblem('');
    let pieces: Piece[];
    try {
      pieces = splitFile(await file.text(), freshId);
    } catch {
      setProblem(t('import.unreadable', { name: file.name }));
      return;
    }
    if (pieces.length === 0) setProblem(t('import.nothing', { name: file.name }));
    else await run(pieces);
  };
  const run = async (pieces: Piece[]): Promise<void> => {
    const state: Progress = { total: pieces.length, done: 0, added: 0, refused: [], finished: false };
    const waiting = [...pieces];
    stop.current = false;
    const worker = async (): Promise<void> => {
      for (let piece = waiting.shift(); piece && !stop.current; piece = waiting.shift()) {
        const refusal = await sendPiece(calendar, piece);
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
  const close = (): void => {
    stop.current = true;
    closePanel();
  };
  return (
    <Dialog title={t('import.title')} onClose={close} size="medium" actions={<><span class="spring" /><button type="button" class="button" onClick={close}>{t(progress && !progress.finished ? 'import.stop' : 'close')}</button></>}>
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
    <progress max={progress.total} value={progress.done} aria-label={t('import.progress')} />
    <p role="status">
      {progress.finished ? t('import.finished', { n: progress.added, total: progress.total }) : t('import.running', { done: progress.done, total: progress.total })}
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

const sendPiece = async (calendar: string, piece: Piece, tries = 0): Promise<Refusal | null> => {
  if (piece.text === null) return { title: piece.title, reason: piece.problem };
  try {
    await write(client(), hrefFor(calendar, piece.uid), piece.text, null);
    return null;
  } catch (error) {
    if (error instanceof DavError && error.trouble === 'busy' && tries < 3) {
      await new Promise((resolve) => setTimeout(resolve, (error.retryAfter ?? 2) * 1000));
      return sendPiece(calendar, piece, tries + 1);
    }
    const there = error instanceof DavError && (error.trouble === 'changed' || error.precondition === 'no-uid-conflict');
    return { title: piece.title, reason: there ? t('import.exists') : sentence(error) };
  }
};
