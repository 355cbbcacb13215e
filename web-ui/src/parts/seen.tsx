// Text for eyes only: it is painted by the style sheet, because the name of its button says the same in words.
export const Seen = ({ text, className = '' }: { text: string; className?: string }) => <span class={`seen ${className}`} data-text={text} aria-hidden="true" />;
