import { useText } from '../../i18n/index.js';
import { useActions } from '../../state/actions.js';
import { useStore } from '../../state/store.js';

export function Results() {
  const text = useText();
  const { clearResults } = useActions();
  const report = useStore(({ report }) => report);
  if (!report || report.rows.length === 0) return <p class="empty-note">{text.measure.empty}</p>;
  return (
    <div class="report" data-rows={report.rows.length}>
      <div class="actions">
        <button type="button" class="quiet" onClick={clearResults}>
          {text.measure.clear}
        </button>
      </div>
    </div>
  );
}
