// One gesture of a finger, pen or mouse: a tap or a drag. A finger drags after a long press, so it can scroll.

interface Gesture {
  /** Called once, when the drag begins. */
  start?: () => void;
  move: (x: number, y: number) => void;
  end: () => void;
  cancel: () => void;
  tap?: () => void;
}

const FAR = 5;
const LONG = 380;

let dragging = false;

// Registered once and not passive: only so can a drag by finger keep the page from scrolling under it.
addEventListener('touchmove', (event) => dragging && event.preventDefault(), { passive: false });

export const follow = (event: PointerEvent, gesture: Gesture): void => {
  if (event.button !== 0) return;
  const touch = event.pointerType === 'touch';
  const from = { x: event.clientX, y: event.clientY };
  let active = false;
  const begin = (): void => {
    active = dragging = true;
    document.documentElement.classList.add('dragging');
    if (touch) navigator.vibrate?.(12);
    gesture.start?.();
  };
  const timer = touch ? setTimeout(begin, LONG) : undefined;
  const leave = (): void => {
    clearTimeout(timer);
    dragging = false;
    document.documentElement.classList.remove('dragging');
    removeEventListener('pointermove', move);
    removeEventListener('pointerup', up);
    removeEventListener('pointercancel', abort);
    removeEventListener('keydown', key, true);
  };
  const move = (next: PointerEvent): void => {
    if (next.pointerId !== event.pointerId) return;
    const far = Math.hypot(next.clientX - from.x, next.clientY - from.y) > FAR;
    if (!active && far) {
      if (touch) {
        leave();
        return;
      }
      begin();
    }
    if (active) gesture.move(next.clientX, next.clientY);
  };
  const up = (next: PointerEvent): void => {
    if (next.pointerId !== event.pointerId) return;
    const was = active;
    leave();
    if (was) {
      swallowClick();
      gesture.end();
    } else gesture.tap?.();
  };
  const abort = (): void => {
    const was = active;
    leave();
    if (was) gesture.cancel();
  };
  const key = (next: KeyboardEvent): void => {
    if (next.key !== 'Escape' || !active) return;
    next.stopPropagation();
    abort();
  };
  addEventListener('pointermove', move);
  addEventListener('pointerup', up);
  addEventListener('pointercancel', abort);
  addEventListener('keydown', key, true);
};

/** The click that follows a drag is none. */
const swallowClick = (): void => {
  const swallow = (event: Event): void => {
    event.stopPropagation();
    event.preventDefault();
  };
  addEventListener('click', swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener('click', swallow, { capture: true }), 50);
};

/** The day under a point, from the nearest element that says one. */
export const dayAt = (x: number, y: number): number | null => {
  for (const element of document.elementsFromPoint(x, y)) {
    const found = element.closest<HTMLElement>('[data-day]')?.dataset.day;
    if (found !== undefined) return Number(found);
  }
  return null;
};

/** Swiping sideways turns the page; vertical movement is scrolling. */
export const onSwipe = (element: HTMLElement, turn: (direction: 1 | -1) => void): (() => void) => {
  let from: { x: number; y: number; at: number } | null = null;
  const down = (event: TouchEvent): void => {
    const touch = event.touches[0];
    from = event.touches.length === 1 && touch ? { x: touch.clientX, y: touch.clientY, at: event.timeStamp } : null;
  };
  const up = (event: TouchEvent): void => {
    const touch = event.changedTouches[0];
    if (!from || !touch || dragging) return;
    const x = touch.clientX - from.x;
    const fast = event.timeStamp - from.at < 600;
    if (fast && Math.abs(x) > 60 && Math.abs(x) > 2 * Math.abs(touch.clientY - from.y)) turn(x < 0 ? 1 : -1);
    from = null;
  };
  element.addEventListener('touchstart', down, { passive: true });
  element.addEventListener('touchend', up, { passive: true });
  return () => {
    element.removeEventListener('touchstart', down);
    element.removeEventListener('touchend', up);
  };
};
