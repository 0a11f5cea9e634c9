import { render } from 'preact';
import { App } from './app.js';
import { chooseLanguage, TAGS } from './i18n/index.js';
import { applyTheme, storedTheme } from './state/theme.js';
import './styles/index.css';

const language = chooseLanguage([new URLSearchParams(location.search).get('lang'), ...navigator.languages]);
document.documentElement.lang = TAGS[language];
applyTheme(storedTheme());
render(<App language={language} />, document.getElementById('app')!);
