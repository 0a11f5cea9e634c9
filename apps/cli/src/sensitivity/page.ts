import { figures } from '@espalier/figures';
import type { Sensitivity, SensitivityBudget } from '@espalier/measure';
import { html, trusted } from '../report/markup.js';
import { STYLE } from '../report/style.js';
import { count, percent } from '../ui.js';
import { type About, budgetName, sparsitiesOf } from './table.js';

/** One curve a layer, from the dense model's accuracy on. */
export function drawSensitivity(found: Sensitivity, model: string, background: 'white' | 'none' = 'white'): string {
  return figures.curves(
    found.layers.map(({ id, points }) => ({
      name: id,
      points: [{ x: 0, y: found.dense }, ...points.map(({ sparsity, accuracy }) => ({ x: sparsity, y: accuracy }))],
    })),
    {
      title: `${model}: accuracy with one layer pruned`,
      xLabel: found.granularity === 'element' ? 'share of its weights removed' : 'share of its channels removed',
      yLabel: 'accuracy in %',
      baseline: found.dense,
      background,
    },
  );
}

/** Figure and table as one HTML file that asks for nothing else. */
export function sensitivityPage(found: Sensitivity, budget: SensitivityBudget | undefined, about: About): string {
  const sparsities = sparsitiesOf(found);
  const title = `Sensitivity of ${about.model}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <dl>
            <dt>layers</dt>
            <dd>${count(found.layers.length)}, each pruned alone by ${about.scorer}</dd>
            <dt>dense</dt>
            <dd>${found.dense.toFixed(2)}% on ${count(about.samples)} samples of ${about.testedOn ?? 'the data'}</dd>
          </dl>
          <section>
            <h2>Accuracy against sparsity</h2>
            <p class="read">
              A line that falls early belongs to a layer that has little to give. The dashed line is the dense model.
            </p>
            ${trusted(drawSensitivity(found, about.model, 'none'))}
          </section>
          <section>
            <h2>Every layer</h2>
            <p class="read">
              Accuracy in percent at each
              sparsity${budget ? `; green: within ${+budget.drop.toFixed(2)} points of the dense model. The last column is the highest sparsity within them, on straight lines between what was measured.` : '.'}
            </p>
            <div class="scroll">
              <table>
                <thead>
                  <tr>
                    <th>layer</th>
                    <th>${found.granularity === 'element' ? 'weights' : 'channels'}</th>
                    ${sparsities.map((s) => html`<th>${percent(s, 0)}</th>`)}${budget && html`<th>${budgetName(budget)}</th>`}
                  </tr>
                </thead>
                <tbody>
                  ${found.layers.map(
                    ({ id, size, points }) =>
                      html`<tr>
                        <th>${id}</th>
                        <td>${count(size)}</td>
                        ${sparsities.map((s) => cell(points.find(({ sparsity }) => sparsity === s)?.accuracy, found.dense, budget))}${budget && html`<td>${percent(budget.sparsity[id])}</td>`}
                      </tr> `,
                  )}
                </tbody>
              </table>
            </div>
          </section>
          ${
            found.skipped.length > 0 &&
            html`<section>
              <h2>Left alone</h2>
              <ul>
                ${found.skipped.map(({ id, reason }) => html`<li>${id}: ${reason}</li>`)}
              </ul>
            </section>`
          }
        </main>
      </body>
    </html> `.text;
}

function cell(accuracy: number | undefined, dense: number, budget: SensitivityBudget | undefined) {
  if (accuracy === undefined) return html`<td></td>`;
  const isWithin = budget !== undefined && accuracy >= dense - budget.drop;
  return isWithin ? html`<td class="good">${accuracy.toFixed(2)}</td>` : html`<td>${accuracy.toFixed(2)}</td>`;
}
