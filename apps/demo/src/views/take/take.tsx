import { useState } from 'preact/hooks';
import { pruneCommand } from '../../command.js';
import { useLanguage, useText } from '../../i18n/index.js';
import { useActions } from '../../state/actions.js';
import { useStore } from '../../state/store.js';
import { Card, Section } from '../../ui/card.js';
import { Select } from '../../ui/controls.js';
import type { Which } from '../../worker/protocol.js';
import { useNamedModels } from '../try/models.js';
import { save, toPng } from './save.js';

const VALUES = ['float32', 'float16', 'int8', 'int4', 'codebook'] as const;
type Values = (typeof VALUES)[number];

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
  const { pack } = useActions();
  const ready = useStore(({ details }) => details !== null);
  const name = useStore(({ model }) => model?.name ?? 'model');
  const [chosen, setChosen] = useState<Which>('live');
  const [values, setValues] = useState<Values>('float32');
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
      <Select label={text.take.which} value={which} options={models} onChange={setChosen} />
      <Select
        label={text.take.values}
        value={values}
        options={VALUES.map((value) => [value, text.take.valueNames[value]] as const)}
        onChange={setValues}
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
  const files = () => import('@espalier/report/files');
  const takeReport = async () => {
    const { renderReport } = await files();
    save(`${name}-report.html`, renderReport(report!, { language }), 'text/html');
  };
  const takeFigure = async (as: 'svg' | 'png') => {
    const { figuresOf } = await files();
    const [{ name: figure, svg }] = figuresOf(report!, { language });
    save(
      `${name}-${figure}.${as}`,
      as === 'svg' ? svg : await toPng(svg),
      as === 'svg' ? 'image/svg+xml' : 'image/png',
    );
  };
  return (
    <Card title={text.take.results}>
      <div class="actions">
        <button type="button" disabled={!ready} onClick={() => void takeReport()}>
          {text.take.report}
        </button>
        <button type="button" disabled={!ready} onClick={() => void takeFigure('svg')}>
          {text.take.svg}
        </button>
        <button type="button" disabled={!ready} onClick={() => void takeFigure('png')}>
          {text.take.png}
        </button>
      </div>
      {!ready && <p class="hint">{text.take.noReport}</p>}
    </Card>
  );
}

function CommandCard() {
  const text = useText();
  const settings = useStore(({ settings }) => settings);
  const [copied, setCopied] = useState(false);
  const command = pruneCommand(settings);
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
      <p class="hint">{text.take.address}</p>
    </Card>
  );
}
