import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Language, LanguageContext, MESSAGES, TAGS } from './i18n/index.js';
import { ActionsContext, makeActions } from './state/actions.js';
import { createStore, INITIAL, StoreContext } from './state/store.js';
import { applyTheme, storedTheme } from './state/theme.js';
import { parseSettings } from './state/url.js';
import { CutView } from './views/cut/cut.js';
import { Header } from './views/header/header.js';
import { Lesson } from './views/lessons/lesson.js';
import { MeasureView } from './views/measure/measure.js';
import { useDrop } from './views/model/drop.js';
import { ModelView } from './views/model/model.js';
import { ProblemView } from './views/model/problem.js';
import { TakeView } from './views/take/take.js';
import { TryView } from './views/try/try.js';

export function App({ language: first }: { readonly language: Language }) {
  const [language, setLanguage] = useState(first);
  const [theme, setTheme] = useState(storedTheme);
  const store = useMemo(() => createStore({ ...INITIAL, settings: parseSettings(location.search) }), []);
  const actions = useMemo(() => makeActions(store), []);
  const over = useDrop((files) => void actions.openFiles(files));
  const text = MESSAGES[language];
  useEffect(() => {
    document.documentElement.lang = TAGS[language];
    document.title = text.title;
  }, [language]);
  useEffect(() => applyTheme(theme), [theme]);
  const speak = (next: Language) => {
    setLanguage(next);
    const query = new URLSearchParams(location.search);
    query.set('lang', next);
    history.replaceState(null, '', `${location.pathname}?${query}${location.hash}`);
  };
  return (
    <LanguageContext.Provider value={language}>
      <StoreContext.Provider value={store}>
        <ActionsContext.Provider value={actions}>
          <Header theme={theme} onTheme={setTheme} onLanguage={speak} />
          <main id="top">
            <div class="hero">
              <h1>{text.hero.title}</h1>
              <p class="lead">{text.hero.lead}</p>
              <Lesson name="why" />
            </div>
            <ProblemView />
            <ModelView />
            <CutView />
            <TryView />
            <MeasureView />
            <TakeView />
          </main>
          <footer>{text.footer}</footer>
          {over && <div class="drop-veil">{text.model.dropFiles}</div>}
        </ActionsContext.Provider>
      </StoreContext.Provider>
    </LanguageContext.Provider>
  );
}
