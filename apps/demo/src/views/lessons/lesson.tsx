import { useText } from '../../i18n/index.js';
import { Chevron } from '../../ui/icons.js';
import { PICTURES } from './pictures.js';

export type LessonName = keyof typeof PICTURES;

/** A short lesson, folded up beside the control that it explains. */
export function Lesson({ name }: { readonly name: LessonName }) {
  const { lesson, lessons } = useText();
  const { title, text } = lessons[name];
  const Picture = PICTURES[name];
  return (
    <details class="lesson">
      <summary>
        <Chevron />
        <span class="lesson-tag">{lesson}</span>
        {title}
      </summary>
      <div class="lesson-body">
        <Picture />
        <div>
          {text.map((paragraph) => (
            <p key={paragraph}>{paragraph}</p>
          ))}
        </div>
      </div>
    </details>
  );
}
