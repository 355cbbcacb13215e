// One piece of an import, sent until the server has taken or refused it.
import { DavError } from '../caldav/client';
import { write } from '../caldav/objects';
import { t } from '../i18n';
import type { Piece } from '../ical/split';
import { hrefFor } from '../store/actions';
import { sentence } from '../store/notices';
import { client, refused } from '../store/session';

export interface Refusal {
  title: string;
  reason: string;
}

const TRIES = 6;
const LATER = ['busy', 'offline', 'attempts'];

/** Null when the server has it. */
export const sendPiece = async (calendar: string, piece: Piece, stopped: () => boolean): Promise<Refusal | null> => {
  if (piece.text === null) return { title: piece.title, reason: piece.problem };
  for (let tries = 1; ; tries++) {
    try {
      await write(client(), hrefFor(calendar, piece.uid), piece.text, null);
      return null;
    } catch (error) {
      const trouble = error instanceof DavError ? error.trouble : 'refused';
      if (trouble === 'password') await signedInAgain();
      else if (!LATER.includes(trouble) || tries === TRIES) return { title: piece.title, reason: reasonOf(error) };
      else await pause((error as DavError).retryAfter ?? Math.min(2 ** tries, 30), stopped);
      if (stopped()) return { title: piece.title, reason: sentence(error) };
    }
  }
};

const reasonOf = (error: unknown): string => {
  const there = error instanceof DavError && (error.trouble === 'changed' || error.precondition === 'no-uid-conflict');
  return there ? t('import.exists') : sentence(error);
};

const pause = async (seconds: number, stopped: () => boolean): Promise<void> => {
  for (let left = seconds * 4; left > 0 && !stopped(); left--) await new Promise((resolve) => setTimeout(resolve, 250));
};

/** The door opens over the dialog; the import goes on when somebody came in. */
const signedInAgain = (): Promise<void> => {
  refused.value = true;
  return new Promise((resolve) => {
    const leave = refused.subscribe((still) => {
      if (still) return;
      queueMicrotask(() => leave());
      resolve();
    });
  });
};
