// A small menu behind a button, as the ARIA practices want one: arrows, Home, End, Esc.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useDismiss } from './dialog';
import { Icon, type IconName } from './icon';

export interface MenuItem {
  label: string;
  icon?: IconName;
  run: () => void;
  danger?: boolean;
}

interface MenuProps {
  label: string;
  items: (MenuItem | null)[];
  children: ComponentChildren;
  className?: string;
}

export const Menu = ({ label, items, children, className = 'icon-button' }: MenuProps) => {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div class="menu-anchor">
      <button ref={button} type="button" class={className} aria-label={label} aria-haspopup="menu" aria-expanded={open} title={label} onClick={() => setOpen(!open)}>
        {children}
      </button>
      {open && <List items={items.filter((one) => one !== null)} close={close} label={label} />}
    </div>
  );
};

const List = ({ items, close, label }: { items: MenuItem[]; close: () => void; label: string }) => {
  const ref = useRef<HTMLDivElement>(null);
  useDismiss(ref, close);
  useLayoutEffect(() => {
    const list = ref.current!;
    const button = list.parentElement!.getBoundingClientRect();
    // Beside the page's edge it opens to the other side; fixed, so that no scrolling box cuts it.
    const left = Math.min(button.left, innerWidth - list.offsetWidth - 8);
    const below = button.bottom + 4 + list.offsetHeight < innerHeight;
    list.style.left = `${Math.max(8, left)}px`;
    list.style.top = `${below ? button.bottom + 4 : Math.max(8, button.top - 4 - list.offsetHeight)}px`;
    list.querySelector<HTMLElement>('[role=menuitem]')?.focus();
  }, []);
  const move = (event: KeyboardEvent): void => {
    const all = [...ref.current!.querySelectorAll<HTMLElement>('[role=menuitem]')];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === 'Tab') close();
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    all[(to + all.length) % all.length]?.focus();
  };
  return (
    <div ref={ref} class="menu" role="menu" aria-label={label} onKeyDown={move}>
      {items.map((one) => (
        <button
          type="button" role="menuitem" tabIndex={-1} class={one.danger ? 'danger-text' : ''}
          onClick={() => {
            close();
            one.run();
          }}
        >
          {one.icon && <Icon name={one.icon} size={18} />}
          {one.label}
        </button>
      ))}
    </div>
  );
};
