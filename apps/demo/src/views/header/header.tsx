import { LANGUAGES, type Language, useLanguage, useText } from '../../i18n/index.js';
import { Logo } from '../../ui/icons.js';
import { type Theme, THEMES } from '../../state/theme.js';

interface Props {
  readonly theme: Theme;
  readonly onTheme: (theme: Theme) => void;
  readonly onLanguage: (language: Language) => void;
}

const SECTIONS = ['model', 'cut', 'try', 'measure', 'take'] as const;

export function Header({ theme, onTheme, onLanguage }: Props) {
  const text = useText();
  const language = useLanguage();
  return (
    <header class="top">
      <a class="skip" href="#cut">
        {text.skip}
      </a>
      <div class="bar">
        <a class="brand" href="#top">
          <Logo />
          <span>Espalier</span>
        </a>
        <nav aria-label={text.nav.label}>
          {SECTIONS.map((id) => (
            <a key={id} href={`#${id}`}>
              {text.nav[id]}
            </a>
          ))}
        </nav>
        <div class="settings">
          <label>
            <span class="hidden">{text.theme.label}</span>
            <select value={theme} onChange={({ currentTarget }) => onTheme(currentTarget.value as Theme)}>
              {THEMES.map((name) => (
                <option key={name} value={name}>
                  {text.theme[name]}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span class="hidden">{text.language}</span>
            <select value={language} onChange={({ currentTarget }) => onLanguage(currentTarget.value as Language)}>
              {Object.entries(LANGUAGES).map(([tag, name]) => (
                <option key={tag} value={tag} lang={tag}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </div>
      </div>
    </header>
  );
}
