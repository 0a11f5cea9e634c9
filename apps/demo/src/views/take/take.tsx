import { useState } from 'preact/hooks';
import { DATA_MODULE, pruneCommand } from '../../command.js';
import { useLanguage, useText } from '../../i18n/index.js';
import { VALUES } from '../../settings.js';
import { useActions } from '../../state/actions.js';
import { useMisfit, useStore } from '../../state/store.js';
import { Card, Section } from '../../ui/card.js';
import { Select } from '../../ui/controls.js';
import { useNamedModels } from '../try/models.js';
import { save } from './save.js';

export function TakeView() {
  const text = useText();
  return (
    <Section id="take" title={text.take.title} lead={text.take.lead}>
      <div class="take">
        <ModelCard />
        <ReportCard />
        <CommandCard />
      </div>
    </Section>
  );
}

function ModelCard() {
  const text = useText();
  const { pack, choose } = useActions();
  const { take: chosen, values } = useStore(({ settings }) => settings);
  const ready = useStore(({ details }) => details !== null);
  const name = useStore(({ model }) => model?.name ?? 'model');
  const models = useNamedModels()
    .filter(([id]) => id !== 'dense')
    .map(([id, label]) => [id, id === 'live' ? text.take.live : label] as const);
  const which = models.some(([id]) => id === chosen) ? chosen : 'live';
  const take = async (as: 'tfjs' | 'espalier') => {
    const bytes = await pack(which, as, values);
    save(`${name}-pruned.${as === 'tfjs' ? 'zip' : 'espalier'}`, bytes, 'application/octet-stream');
  };
  return (
    <Card title={text.take.which}>
      <Select label={text.take.which} value={which} options={models} onChange={(which) => choose({ take: which })} />
      <Select
        label={text.take.values}
        value={values}
        options={VALUES.map((value) => [value, text.take.valueNames[value]] as const)}
        onChange={(form) => choose({ values: form })}
      />
      <div class="actions">
        <button type="button" class="primary" disabled={!ready} onClick={() => void take('espalier')}>
          {text.take.espalier}
        </button>
        <button type="button" disabled={!ready} onClick={() => void take('tfjs')}>
          {text.take.tfjs}
        </button>
      </div>
    </Card>
  );
}

function ReportCard() {
  const text = useText();
  const language = useLanguage();
  const report = useStore(({ report }) => report);
  const ready = report !== null && report.rows.length > 0;
  const name = report?.model.name ?? 'model';
  const takes: Readonly<Record<keyof typeof text.take.reports, () => Promise<void>>> = {
    html: async () => {
      const { renderReport } = await import('@espalier/report/files');
      save(`${name}-report.html`, renderReport(report!, { language }), 'text/html');
    },
    json: async () => save(`${name}-report.json`, `${JSON.stringify(report, null, 2)}\n`, 'application/json'),
    csv: async () => {
      const { toCsv } = await import('@espalier/report/files');
      save(`${name}-trials.csv`, toCsv(report!), 'text/csv');
    },
    figures: async () => {
      const { figuresZip } = await import('./figures-zip.js');
      save(`${name}-figures.zip`, await figuresZip(report!, language), 'application/zip');
    },
  };
  return (
    <Card title={text.take.results}>
      <div class="actions">
        {Object.entries(takes).map(([form, take]) => (
          <button key={form} type="button" disabled={!ready} onClick={() => void take()}>
            {text.take.reports[form as keyof typeof takes]}
          </button>
        ))}
      </div>
      <p class="hint">{ready ? text.take.single : text.take.noReport}</p>
    </Card>
  );
}

function CommandCard() {
  const text = useText();
  const settings = useStore(({ settings }) => settings);
  const measured = useStore(({ choices }) => choices);
  const [copied, setCopied] = useState(false);
  const data = useStore(({ data }) => data);
  const fits = useMisfit() === undefined;
  // What is taken away: a row as it was measured, or the cut above, which nobody has trained.
  const chosen = { ...settings, ...(measured[settings.take] ?? { fineTune: 0 }) };
  const command = pruneCommand(chosen, data, fits);
  const copy = async () => {
    // Pages without https have no clipboard; the command can be selected by hand.
    const done = await navigator.clipboard?.writeText(command).then(
      () => true,
      () => false,
    );
    setCopied(done ?? false);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <Card title={text.take.command}>
      <pre class="command" tabIndex={0}>
        <code>{command}</code>
      </pre>
      <div class="actions">
        <button type="button" onClick={() => void copy()}>
          {text.take.copy}
        </button>
        <span role="status">{copied ? text.take.copied : ''}</span>
      </div>
      {fits && data.argument === '' && <p class="hint">{text.take.dataModule(DATA_MODULE)}</p>}
      <p class="hint">{text.take.address}</p>
    </Card>
  );
}
