import type { ComponentChildren } from 'preact';

interface CardProps {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A box with a heading of the third rank. */
export const Card = ({ title, aside, class: name = '', children }: CardProps) => (
  <div class={`card ${name}`}>
    <div class="card-head">
      <h3>{title}</h3>
      {aside}
    </div>
    {children}
  </div>
);

interface SectionProps {
  readonly id: string;
  readonly title: string;
  readonly lead?: string;
  readonly children: ComponentChildren;
}

/** A part of the page, with a heading of the second rank. */
export const Section = ({ id, title, lead, children }: SectionProps) => (
  <section id={id} aria-labelledby={`${id}-title`}>
    <h2 id={`${id}-title`} tabIndex={-1}>
      {title}
    </h2>
    {lead && <p class="lead">{lead}</p>}
    {children}
  </section>
);
