import { useText } from '../../i18n/index.js';
import { fromPattern, needsData, patternOf, PATTERNS, SCOPES, SCORERS, STRATEGIES } from '../../settings.js';
import { useActions } from '../../state/actions.js';
import { useMisfit, useStore } from '../../state/store.js';
import { Section } from '../../ui/card.js';
import { Choices } from '../../ui/controls.js';
import { CutPicture } from '../../ui/icons.js';
import { LiveView } from '../live/live.js';
import { Lesson } from '../lessons/lesson.js';
import { SparsitySlider } from './sparsity.js';
import { Readout } from '../live/readout.js';

/** The workbench: choices on the left, what they leave on the right. */
export function CutView() {
  const text = useText();
  return (
    <Section id="cut" title={text.cut.title} lead={text.cut.lead}>
      <div class="workbench">
        <div class="pinned">
          <SparsitySlider />
          <Readout />
        </div>
        <div class="controls">
          <Controls />
        </div>
        <div class="results">
          <LiveView />
        </div>
      </div>
    </Section>
  );
}

function Controls() {
  return (
    <>
      <GranularityChoices />
      <Lesson name="granularity" />
      <ScorerChoices />
      <Lesson name="saliency" />
      <ScopeChoices />
      <Lesson name="scope" />
    </>
  );
}

function GranularityChoices() {
  const text = useText();
  const { choose } = useActions();
  const settings = useStore(({ settings }) => settings);
  const model = useStore(({ model }) => model);
  const { strategy, keep, group } = settings;
  const noChannels = model?.channels === false ? text.cut.noChannels : undefined;
  return (
    <>
      <Choices
        legend={text.cut.granularity}
        name="strategy"
        look="cards"
        value={strategy}
        choices={STRATEGIES.map((value) => ({
          value,
          label: text.cut.names[value],
          hint: text.cut.hints[value],
          picture: <CutPicture cut={value} />,
          disabled: value === 'structured' ? noChannels : undefined,
        }))}
        onChange={(value) => choose({ strategy: value })}
      />
      {strategy === 'nm' && (
        <>
          <Choices
            legend={text.cut.pattern}
            name="pattern"
            value={patternOf(settings)}
            choices={PATTERNS.map((value) => ({ value, label: value }))}
            onChange={(value) => choose(fromPattern(value))}
          />
          <small class="hint">{text.cut.patternHint(keep, group)}</small>
        </>
      )}
    </>
  );
}

function ScorerChoices() {
  const text = useText();
  const { choose } = useActions();
  const { scorer } = useStore(({ settings }) => settings);
  const noData = useMisfit() ? text.cut.needsData : undefined;
  return (
    <Choices
      legend={text.cut.scorer}
      name="scorer"
      look="cards"
      value={scorer}
      choices={SCORERS.map((value) => ({
        value,
        label: text.cut.scorers[value] ?? value,
        hint: text.cut.formulas[value],
        disabled: needsData(value) ? noData : undefined,
      }))}
      onChange={(value) => choose({ scorer: value })}
    />
  );
}

function ScopeChoices() {
  const text = useText();
  const { choose } = useActions();
  const { strategy, scope } = useStore(({ settings }) => settings);
  return (
    <>
      <Choices
        legend={text.cut.scope}
        name="scope"
        look="cards"
        value={scope}
        disabled={strategy === 'nm'}
        choices={SCOPES.map((value) => ({
          value,
          label: text.cut.scopes[value],
          hint: text.cut.scopeHints[value],
        }))}
        onChange={(value) => choose({ scope: value })}
      />
      {strategy === 'nm' && <small class="hint">{text.cut.scopeFixed}</small>}
    </>
  );
}
