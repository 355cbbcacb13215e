// Two people changed the same event: both versions are shown, and one decides.
import { t } from '../i18n';
import { readItem, type Item } from '../ical/item';
import { Dialog } from '../parts/dialog';
import { copyOf } from '../store/actions';
import { calendarOf } from '../store/calendars';
import type { Write } from '../store/jobs';
import { conflicts, resolve, titleOfJob, type Conflict } from '../store/outbox';
import { panel } from '../store/panels';
import { refused } from '../store/session';
import { DifferenceTable } from './differences';

const parse = (text: string | null | undefined): Item | null => {
  try {
    return text ? readItem(text) : null;
  } catch {
    return null;
  }
};

/** One question after another, and none over a form that somebody is filling in. */
export const Conflicts = () => {
  const first = panel.value || refused.value ? undefined : conflicts.value[0];
  return first ? <ConflictDialog key={first.job.id} conflict={first} /> : null;
};

/** Where a move to another calendar put what is gone from here. */
const newPlace = ({ job, rest }: Conflict): Write | undefined => (job.after === null ? [...rest, ...job.made].find((one) => one.after !== null && one.calendar !== job.calendar) : undefined);

const ConflictDialog = ({ conflict }: { conflict: Conflict }) => {
  const { job, theirs } = conflict;
  const title = titleOfJob(job);
  const gone = theirs === null;
  const moved = newPlace(conflict);
  const mine = moved?.after ?? job.after;
  const choose = (choice: 'mine' | 'theirs' | 'both'): void => resolve(conflict, choice, choice === 'both' && job.after ? copyOf(job.calendar, job.after) : null);
  return (
    <Dialog
      title={t('conflict.title', { title })} size="medium" className="conflict"
      actions={
        <>
          <span class="spring" />
          {!gone && job.after !== null && <button type="button" class="button" onClick={() => choose('both')}>{t('conflict.both')}</button>}
          <button type="button" class="button" onClick={() => choose('theirs')}>{t(gone ? 'conflict.stayDeleted' : 'conflict.theirs')}</button>
          <button type="button" class="button primary" onClick={() => choose('mine')}>{t(mine === null ? 'conflict.delete' : gone ? 'conflict.recreate' : 'conflict.mine')}</button>
        </>
      }
    >
      {/* The question has the focus, not an answer: Enter must not overwrite anything. */}
      <p tabIndex={-1} data-autofocus>{t(gone ? 'conflict.gone' : mine === null ? 'conflict.changed.delete' : 'conflict.changed')}</p>
      <div class="sides">
        <section aria-label={t('conflict.side.mine')}>
          <h3>{t('conflict.side.mine')}</h3>
          {moved && <p class="hint">{t('conflict.moved', { name: calendarOf(moved.calendar)?.name ?? moved.calendar })}</p>}
          {mine === null ? <p class="hint">{t('conflict.youDeleted')}</p> : <DifferenceTable before={parse(job.before)} after={parse(mine)} />}
        </section>
        <section aria-label={t('conflict.side.theirs')}>
          <h3>{t('conflict.side.theirs')}</h3>
          {gone ? <p class="hint">{t('conflict.theyDeleted')}</p> : <DifferenceTable before={parse(job.before)} after={parse(theirs.text)} />}
        </section>
      </div>
    </Dialog>
  );
};
