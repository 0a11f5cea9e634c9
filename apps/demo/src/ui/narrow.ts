import { useEffect, useState } from 'preact/hooks';

/** Figures are drawn for a phone's width there, so that their letters stay as large as the page's. */
const PHONE = '(max-width: 560px)';

export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(PHONE).matches);
  useEffect(() => {
    const query = matchMedia(PHONE);
    const update = () => setNarrow(query.matches);
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, []);
  return narrow;
}
