// What a person did and the server does not have yet: why it waits, and a way to give up what cannot go through.
import { t, type Key } from '../i18n';
import { Dialog } from '../parts/dialog';
import type { Job } from '../store/jobs';
import { notify } from '../store/notices';
import { dropLot, goOnline, send, stalled, titleOfJob, waitingLots } from '../store/outbox';
import { closePanel } from '../store/panels';

export const WaitingDialog = () => (
  <Dialog
    title={t('waiting.title')} onClose={closePanel} size="small"
    actions={
      <>
        <span class="spring" />
        <button type="button" class="button" onClick={closePanel}>{t('close')}</button>
        {waitingLots.value.length > 0 && <button type="button" class="button primary" data-autofocus onClick={goOnline}>{t('waiting.now')}</button>}
      </>
    }
  >
    {stalled.value && <p role="status">{t(`trouble.${stalled.value}`)}</p>}
    {waitingLots.value.length === 0 && <p class="hint" role="status">{t('waiting.none')}</p>}
    <ul class="waiting-list">
      {waitingLots.value.map((lot) => {
        const title = titleOfJob(lot[0]!);
        return (
          <li key={lot[0]!.id}>
            <span class="grow"><strong>{title}</strong> <small>{t(`change.${kindOf(lot)}` as Key)}</small></span>
            <button type="button" class="button" aria-label={t('waiting.drop.one', { title })} onClick={() => giveUp(lot, title)}>{t('waiting.drop')}</button>
          </li>
        );
      })}
    </ul>
  </Dialog>
);

const kindOf = (lot: Job[]): 'added' | 'changed' | 'moved' | 'removed' => {
  const made = lot.some((one) => one.before === null);
  const gone = lot.some((one) => one.after === null);
  if (made && gone) return 'moved';
  return made && lot.length === 1 ? 'added' : gone ? 'removed' : 'changed';
};

const giveUp = (lot: Job[], title: string): void => {
  dropLot(lot);
  notify('done', t('waiting.dropped', { title }), { label: t('action.undo'), run: () => send(lot) });
};
