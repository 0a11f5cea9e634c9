import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useText } from '../../i18n/index.js';
import { useActions } from '../../state/actions.js';
import { useStore } from '../../state/store.js';

/** Tables and figures; their code comes with the first result. */
export function Results() {
  const text = useText();
  const { clearResults } = useActions();
  const report = useStore(({ report }) => report);
  const measured = report !== null && report.rows.length > 0;
  const [View, setView] = useState<ComponentType>();
  useEffect(() => {
    if (measured && !View) void import('./report.js').then(({ ReportTables }) => setView(() => ReportTables));
  }, [measured]);
  if (!measured) return <p class="empty-note">{text.measure.empty}</p>;
  return (
    <>
      <div data-rows={report.rows.length}>{View && <View />}</div>
      <div class="actions">
        <button type="button" class="quiet" onClick={clearResults}>
          {text.measure.clear}
        </button>
      </div>
    </>
  );
}
