import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';

interface FileBoxProps {
  readonly title: string;
  readonly about: string;
  /** On the button that opens the browser's own dialogue. */
  readonly label: string;
  readonly onFiles: (files: File[]) => void;
  /** Beside that button. */
  readonly children?: ComponentChildren;
}

/** Says what may be dropped, and lets files be chosen by hand. */
export function FileBox({ title, about, label, onFiles, children }: FileBoxProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class="dropzone">
      <div>
        <strong>{title}</strong>
        <p>{about}</p>
      </div>
      <div class="actions">
        {children}
        <button type="button" aria-label={`${label}: ${title}`} onClick={() => input.current?.click()}>
          {label}
        </button>
      </div>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={`${label}: ${title}`}
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          currentTarget.value = '';
        }}
      />
    </div>
  );
}
