// The lines at the foot of the page, read out by screen readers as they come.
import { t } from '../i18n';
import { dismiss, notices } from '../store/notices';
import { Icon } from './icon';

export const Notices = () => (
  <div class="notices" role="region" aria-label={t('notices')}>
    <div aria-live="polite" aria-atomic="false">
      {notices.value.map((one) => (
        <div key={one.id} class={`notice ${one.kind}`} role={one.kind === 'failed' ? 'alert' : undefined}>
          {one.kind === 'failed' && <Icon name="warning" />}
          <span>{one.text}</span>
          {one.action && (
            <button
              type="button" class="notice-action"
              onClick={() => {
                dismiss(one.id);
                one.action!.run();
              }}
            >
              {one.action.label}
            </button>
          )}
          <button type="button" class="icon-button" aria-label={t('close')} onClick={() => dismiss(one.id)}>
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  </div>
);
