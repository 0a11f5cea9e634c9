import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportJsonSchema } from './report.js';

const published = JSON.parse(readFileSync(join(__dirname, '..', '..', 'report.schema.json'), 'utf8'));

test('the published schema is the one that is checked', () => {
  expect(published).toEqual(JSON.parse(JSON.stringify(reportJsonSchema())));
});

test('another validator takes it and finds what is wrong by it', () => {
  const validate = new Ajv2020({ strict: false, formats: { 'date-time': true } }).compile(published);
  expect(validate({ version: 1 })).toBe(false);
  expect(validate.errors![0].message).toContain('required');
});
