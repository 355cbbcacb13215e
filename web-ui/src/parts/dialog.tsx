// Dialogs on the browser's own <dialog>: focus stays inside, Esc closes, and focus goes back where it was.
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { keepFocus } from '../store/focus';
import { Icon } from './icon';

/** Those that are there, the topmost last. */
const modals: HTMLDialogElement[] = [];

/** Opens a dialog, again if it was closed, and keeps those above it above it: the browser puts on top what opens last. */
const show = (dialog: HTMLDialogElement): void => {
  if (dialog.open) return;
  dialog.showModal();
  for (const above of modals.slice(modals.indexOf(dialog) + 1)) {
    above.close();
    above.showModal();
  }
  modals.at(-1)!.querySelector<HTMLElement>('[autofocus],[data-autofocus]')?.focus();
};

/** Opens the dialog for as long as it is there. */
export const useModal = (ref: { current: HTMLDialogElement | null }): void =>
  useLayoutEffect(() => {
    const dialog = ref.current!;
    const back = document.activeElement as HTMLElement | null;
    const open = (): void => show(dialog);
    modals.push(dialog);
    open();
    // A browser closes a dialog at the second Esc, asked or not: one that is still there has not been answered.
    dialog.addEventListener('close', open);
    return () => {
      dialog.removeEventListener('close', open);
      modals.splice(modals.indexOf(dialog), 1);
      dialog.close();
      back?.focus?.();
      if (back?.dataset.key) keepFocus(back.dataset.key, null);
    };
  }, []);

interface DialogProps {
  title: string;
  /** Without it there is no way out but an answer. */
  onClose?: () => void;
  children: ComponentChildren;
  /** Buttons at the foot. */
  actions?: ComponentChildren;
  size?: 'small' | 'medium' | 'large';
  /** Shown beside this box instead of in the middle; a sheet on a phone. */
  anchor?: DOMRect | null;
  /** The title is read out, not seen. */
  quiet?: boolean;
  className?: string;
}

export const Dialog = ({ title, onClose, children, actions, size = 'medium', anchor, quiet, className = '' }: DialogProps) => {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useModal(ref);
  useLayoutEffect(() => {
    // A body of text alone must be reachable by key, to be scrolled.
    const body = ref.current!.querySelector<HTMLElement>('.dialog-body')!;
    if (!body.querySelector('a, button, input, select, textarea')) body.tabIndex = 0;
  }, []);
  useLayoutEffect(() => {
    if (anchor) placeBeside(ref.current!, anchor);
  }, [anchor]);
  return (
    <dialog
      ref={ref}
      class={`dialog ${size} ${anchor ? 'anchored' : ''} ${className}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onMouseDown={(event) => {
        if (event.target === ref.current) onClose?.();
      }}
    >
      <div class="dialog-box">
        <header class={quiet ? 'visually-hidden-title' : ''}>
          <h2 id={id}>{title}</h2>
          {onClose && (
            <button type="button" class="icon-button" onClick={onClose} aria-label={t('close')}>
              <Icon name="close" />
            </button>
          )}
        </header>
        <div class="dialog-body">{children}</div>
        {actions && <footer>{actions}</footer>}
      </div>
    </dialog>
  );
};

const GAP = 8;

const placeBeside = (dialog: HTMLDialogElement, anchor: DOMRect): void => {
  if (matchMedia('(max-width: 720px)').matches) return;
  const box = dialog.getBoundingClientRect();
  const right = anchor.right + GAP;
  const left = right + box.width + GAP < innerWidth ? right : Math.max(GAP, anchor.left - box.width - GAP);
  const inside = left + box.width > innerWidth ? Math.max(GAP, innerWidth - box.width - GAP) : left;
  dialog.style.left = `${inside}px`;
  dialog.style.top = `${Math.max(GAP, Math.min(anchor.top, innerHeight - box.height - GAP))}px`;
};

interface ConfirmProps {
  title: string;
  text: string;
  yes: string;
  onYes: () => void;
  onClose: () => void;
  danger?: boolean;
}

export const Confirm = ({ title, text, yes, onYes, onClose, danger }: ConfirmProps) => (
  <Dialog
    title={title}
    size="small"
    onClose={onClose}
    actions={
      <>
        <button type="button" class="button" onClick={onClose}>{t('cancel')}</button>
        <button type="button" class={`button ${danger ? 'danger' : 'primary'}`} data-autofocus onClick={() => { onClose(); onYes(); }}>{yes}</button>
      </>
    }
  >
    <p>{text}</p>
  </Dialog>
);

/** Calls back on a press outside of the element or on Esc: for menus that are no dialogs. */
export const useDismiss = (ref: { current: HTMLElement | null }, close: () => void): void => {
  // From the moment it is drawn: an Esc that is quick must not go to the dialog around.
  useLayoutEffect(() => {
    const outside = (event: Event): void => {
      if (!ref.current?.contains(event.target as Node)) close();
    };
    const key = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      // Else the dialog around it closes too.
      event.preventDefault();
      close();
    };
    addEventListener('pointerdown', outside, true);
    addEventListener('keydown', key, true);
    return () => {
      removeEventListener('pointerdown', outside, true);
      removeEventListener('keydown', key, true);
    };
  }, []);
};
