import { Curves, type CurvesOptions, toSvg } from '@espalier/figures';
import type { Sensitivity, SensitivityBudget } from '@espalier/measure';
import { Name, Section, Table } from '@espalier/report';
import { renderPage } from '@espalier/report/files';
import { count, percent } from '../ui.js';
import { type About, budgetName, sparsitiesOf } from './table.js';

interface SensitivityFigureProps extends Pick<CurvesOptions, 'background' | 'width' | 'height'> {
  readonly found: Sensitivity;
  readonly model: string;
}

/** One curve a layer, from the dense model's accuracy on. */
function SensitivityFigure({ found, model, ...look }: SensitivityFigureProps) {
  const items = found.layers.map(({ id, points }) => ({
    name: id,
    points: [{ x: 0, y: found.dense }, ...points.map(({ sparsity, accuracy }) => ({ x: sparsity, y: accuracy }))],
  }));
  return (
    <Curves
      items={items}
      title={`${model}: accuracy with one layer pruned`}
      xLabel={found.granularity === 'element' ? 'share of its weights removed' : 'share of its channels removed'}
      yLabel="accuracy in %"
      baseline={found.dense}
      {...look}
    />
  );
}

/** The figure as SVG text. */
export const drawSensitivity = (found: Sensitivity, model: string): string =>
  toSvg(<SensitivityFigure found={found} model={model} />);

/** Figure and table as one HTML file that asks for nothing else. */
export function sensitivityPage(found: Sensitivity, budget: SensitivityBudget | undefined, about: About): string {
  const title = `Sensitivity of ${about.model}`;
  return renderPage({
    title: () => title,
    body: () => (
      <article class="espalier-report">
        <h1>
          <Name text={title} />
        </h1>
        <SensitivityFacts found={found} about={about} />
        <Section
          title="Accuracy against sparsity"
          read="A line that falls early belongs to a layer that has little to give. The dashed line is the dense model."
        >
          <SensitivityFigure found={found} model={about.model} background="none" width={460} height={320} />
        </Section>
        <SensitivityTable found={found} budget={budget} />
        {found.skipped.length > 0 && (
          <Section title="Left alone">
            <ul>
              {found.skipped.map(({ id, reason }) => (
                <li key={id}>
                  <Name text={`${id}: ${reason.text}`} />
                </li>
              ))}
            </ul>
          </Section>
        )}
      </article>
    ),
  });
}

function SensitivityFacts({ found, about }: { found: Sensitivity; about: About }) {
  const dense = `${found.dense.toFixed(2)}% on ${count(about.samples)} samples of ${about.testedOn ?? 'the data'}`;
  return (
    <dl>
      <div>
        <dt>layers</dt>
        <dd>
          {count(found.layers.length)}, each pruned alone by {about.scorer}
        </dd>
      </div>
      <div>
        <dt>dense</dt>
        <dd>
          <Name text={dense} />
        </dd>
      </div>
    </dl>
  );
}

function SensitivityTable({ found, budget }: { found: Sensitivity; budget: SensitivityBudget | undefined }) {
  const sparsities = sparsitiesOf(found);
  const what = found.granularity === 'element' ? 'weights' : 'channels';
  const head = ['layer', what, ...sparsities.map((s) => percent(s, 0)), ...(budget ? [budgetName(budget)] : [])];
  const read = budget
    ? `Accuracy in percent at each sparsity; green: within ${+budget.drop.toFixed(2)} points of the dense model. The last column is the highest sparsity within them, on straight lines between what was measured.`
    : 'Accuracy in percent at each sparsity.';
  return (
    <Section title="Every layer" read={read}>
      <Table label="Every layer" head={head}>
        {found.layers.map(({ id, size, points }) => (
          <tr key={id}>
            <th scope="row">
              <Name text={id} />
            </th>
            <td>{count(size)}</td>
            {sparsities.map((sparsity) => {
              const accuracy = points.find((point) => point.sparsity === sparsity)?.accuracy;
              const isWithin = budget !== undefined && accuracy !== undefined && accuracy >= found.dense - budget.drop;
              return (
                <td key={sparsity} class={isWithin ? 'good' : undefined}>
                  {accuracy?.toFixed(2)}
                </td>
              );
            })}
            {budget && <td>{percent(budget.sparsity[id])}</td>}
          </tr>
        ))}
      </Table>
    </Section>
  );
}
