// Two people changed the same event: both versions are shown, and one decides.
import { t } from '../i18n';
import { readItem, type Item } from '../ical/item';
import { Dialog } from '../parts/dialog';
import { copyOf } from '../store/actions';
import { conflicts, resolve, titleOfJob, type Conflict } from '../store/outbox';
import { DifferenceTable } from './differences';

const parse = (text: string | null | undefined): Item | null => {
  try {
    return text ? readItem(text) : null;
  } catch {
    return null;
  }
};

export const Conflicts = () => {
  const first = conflicts.value[0];
  return first ? <ConflictDialog key={first.job.id} conflict={first} /> : null;
};

const ConflictDialog = ({ conflict }: { conflict: Conflict }) => {
  const { job, theirs } = conflict;
  const title = titleOfJob(job);
  const gone = theirs === null;
  const choose = (choice: 'mine' | 'theirs' | 'both'): void => resolve(conflict, choice, choice === 'both' && job.after ? copyOf(job.calendar, job.after) : null);
  return (
    <Dialog
      title={t('conflict.title', { title })} onClose={() => undefined} size="medium" className="conflict"
      actions={
        <>
          <span class="spring" />
          {!gone && job.after !== null && <button type="button" class="button" onClick={() => choose('both')}>{t('conflict.both')}</button>}
          <button type="button" class="button" onClick={() => choose('theirs')}>{t(gone ? 'conflict.stayDeleted' : 'conflict.theirs')}</button>
          <button type="button" class="button primary" data-autofocus onClick={() => choose('mine')}>{t(job.after === null ? 'conflict.delete' : gone ? 'conflict.recreate' : 'conflict.mine')}</button>
        </>
      }
    >
      <p>{t(gone ? 'conflict.gone' : job.after === null ? 'conflict.changed.delete' : 'conflict.changed')}</p>
      <div class="sides">
        <section aria-label={t('conflict.side.mine')}>
          <h3>{t('conflict.side.mine')}</h3>
          {job.after === null ? <p class="hint">{t('conflict.youDeleted')}</p> : <DifferenceTable before={parse(job.before)} after={parse(job.after)} />}
        </section>
        <section aria-label={t('conflict.side.theirs')}>
          <h3>{t('conflict.side.theirs')}</h3>
          {gone ? <p class="hint">{t('conflict.theyDeleted')}</p> : <DifferenceTable before={parse(job.before)} after={parse(theirs.text)} />}
        </section>
      </div>
    </Dialog>
  );
};
