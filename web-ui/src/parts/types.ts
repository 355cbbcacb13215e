// Names for the types of Preact that many views use.
import type { CSSProperties, TargetedEvent, TargetedKeyboardEvent, TargetedMouseEvent, TargetedPointerEvent } from 'preact';

export type Style = CSSProperties;
export type Happened = TargetedEvent<HTMLElement>;
export type Key = TargetedKeyboardEvent<HTMLElement>;
export type Click = TargetedMouseEvent<HTMLButtonElement>;
export type Press = TargetedPointerEvent<HTMLElement>;
