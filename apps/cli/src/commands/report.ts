import { UsageError } from '@espalier/core';
import { type Report, reportJsonSchema } from '@espalier/pipeline';
import { writeFile, writeFiles } from '@espalier/format';
import { compareReports, type Language, textsOf } from '@espalier/report';
import { renderChanges, renderReport } from '@espalier/report/files';
import { Command, Option } from 'commander';
import { terminalWidth } from '../layout.js';
import { jsonOption, languageOption } from '../options.js';
import { checkOutputFile, checkOutputFolder } from '../output.js';
import { changesTable } from '../report/changes-table.js';
import { reportFiles } from '../report/files.js';
import { renderTable } from '../report/index.js';
import { readReport } from '../report/read-report.js';
import { bytes, filesOf, line, task } from '../ui.js';

interface ReportOptions {
  readonly out?: string;
  readonly lang: Language;
  readonly json?: boolean;
  readonly schema?: boolean;
}

export function reportCommand(): Command {
  return new Command('report')
    .description('shows a report of compare again, or what changed from one to the next')
    .argument('[old]', 'a report.json that compare wrote; of two the old one')
    .argument('[new]', 'the new one')
    .option(
      '-o, --out <path>',
      'a file that ends in .html; for one report also a folder, for the page, figures and table',
    )
    .addOption(languageOption())
    .addOption(jsonOption())
    .addOption(new Option('--schema', 'prints the JSON Schema of report.json'))
    .action(run);
}

async function run(first: string | undefined, second: string | undefined, options: ReportOptions): Promise<void> {
  if (options.schema) return print(reportJsonSchema());
  if (first === undefined) {
    const wanted = 'a report.json, or two';
    throw new UsageError('report-missing', `report wants ${wanted}; see espalier report --help`, { wanted });
  }
  return second === undefined ? showOne(first, options) : showTwo(first, second, options);
}

async function showOne(path: string, options: ReportOptions): Promise<void> {
  const { out, lang } = options;
  const page = isPage(out);
  if (out !== undefined) await (page ? checkOutputFile(out, '.html') : checkOutputFolder(out));
  const report = await read(path);
  if (out !== undefined) {
    const write = async () =>
      page
        ? [await writeFile(out, renderReport(report, { language: lang }))]
        : writeFiles(out, await reportFiles(report, lang));
    await wrote(write);
  }
  if (options.json) return print(report);
  process.stdout.write(`${renderTable(report, { width: terminalWidth(), texts: textsOf(lang) })}\n`);
}

async function showTwo(oldPath: string, newPath: string, options: ReportOptions): Promise<void> {
  const { out, lang } = options;
  if (out !== undefined) await checkOutputFile(out, '.html');
  const [old, now] = [await read(oldPath), await read(newPath)];
  if (out !== undefined) await wrote(async () => [await writeFile(out, renderChanges(old, now, { language: lang }))]);
  if (options.json) return print(compareReports(old, now));
  const texts = textsOf(lang);
  process.stdout.write(`${changesTable(compareReports(old, now, texts), terminalWidth(), texts)}\n`);
}

const isPage = (out: string | undefined): out is string => out !== undefined && out.toLowerCase().endsWith('.html');

const read = (path: string): Promise<Report> =>
  task(
    'read',
    () => readReport(path),
    ({ model, rows }) => `${path}: ${model.name}, ${rows.length} trials`,
  );

async function wrote(write: () => Promise<readonly { path: string; bytes: number }[]>): Promise<void> {
  const files = await task(
    'write',
    write,
    (all) => `${filesOf(all.length)}, ${bytes(all.reduce((sum, f) => sum + f.bytes, 0))}`,
  );
  line(`\nThe page: ${files.find(({ path }) => isPage(path))!.path}`);
}

const print = (value: unknown) => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
