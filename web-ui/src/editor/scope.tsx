// "This event, this and the following, or all of them?"
import { t } from '../i18n';
import { Dialog } from '../parts/dialog';
import type { Scope } from '../ical/scope';

interface ScopeProps {
  title: string;
  task: boolean;
  danger: boolean;
  choose: (scope: Scope) => void;
  cancel: () => void;
}

export const ScopeDialog = ({ title, task, danger, choose, cancel }: ScopeProps) => (
  <Dialog title={t(danger ? 'scope.delete' : 'scope.change', { title: title || t('event.untitled') })} size="small" onClose={cancel} className="scope">
    <div class="choices">
      {(['this', 'following', 'all'] as const).map((scope, index) => (
        <button key={scope} type="button" class="choice" data-autofocus={index === 0 || undefined} onClick={() => choose(scope)}>
          <strong>{t(task ? `scope.task.${scope}` : `scope.${scope}`)}</strong>
          <small>{t(`scope.${scope}.hint`)}</small>
        </button>
      ))}
    </div>
  </Dialog>
);
