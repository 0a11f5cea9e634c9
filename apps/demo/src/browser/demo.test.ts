import { findChromium, REQUIRED } from '../../../../tools/testing/chromium.js';
import { commandTests } from './command-tests.js';
import { filesTests } from './files-tests.js';
import { type Harness, startHarness } from './harness.js';
import { liveTests } from './live-tests.js';
import { measureTests } from './measure-tests.js';
import { peopleTests } from './people-tests.js';

const executablePath = findChromium();
const here = executablePath !== undefined || REQUIRED;
if (!here) test.skip('the demo in Chromium: none on the PATH (Debian: apt-get install chromium)', () => undefined);

// Two of the waits may each take a minute on a busy machine.
jest.setTimeout(180_000);

(here ? describe : describe.skip)('the demo in Chromium', () => {
  let demo: Harness | undefined;

  beforeAll(async () => {
    if (executablePath === undefined) throw new Error('no Chromium on the PATH');
    demo = await startHarness(executablePath);
  });
  afterAll(() => demo?.stop());
  afterEach(() => expect(demo!.faults()).toEqual([]));

  for (const tests of [liveTests, measureTests, filesTests, peopleTests, commandTests]) tests(() => demo!);
});
