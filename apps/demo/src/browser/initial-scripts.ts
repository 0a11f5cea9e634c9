import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The scripts that the built page names, and those that they import without being asked: what loads before anything happens. */
export function initialScripts(dist: string): Buffer[] {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const found = new Map<string, Buffer>();
  const visit = (name: string) => {
    if (found.has(name)) return;
    const code = readFileSync(join(dist, 'assets', name));
    found.set(name, code);
    for (const [, next] of code.toString().matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) visit(next);
  };
  for (const [, name] of html.matchAll(/(?:src|href)="\.\/assets\/([\w.-]+\.js)"/g)) visit(name);
  return [...found.values()];
}
