import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STATUS_BY_CODE } from '../../api/errors';
import { toApplicationFailure } from '../../activities/errors';
import { ERROR_CODES, LoanloomError } from '../../domain/errors';
import { ROOT } from '../support/processes';

describe('the error catalogue', () => {
  const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');

  it.each([...ERROR_CODES])('%s has its status in code and page', (code) => {
    expect(page).toContain(`| ${code} | ${String(STATUS_BY_CODE[code])} |`);
  });

  it('documents no code that does not exist', () => {
    const documented = [...page.matchAll(/^\| ([A-Z_]+) \|/gm)].map((match) => match[1]);
    expect(documented.filter((code) => !(ERROR_CODES as readonly string[]).includes(code!))).toEqual([]);
  });

  it('becomes an ApplicationFailure of its own type, and lets no unknown message into history', () => {
    expect(toApplicationFailure(new LoanloomError('NOTHING_OWED', 'x'))).toMatchObject({ type: 'NOTHING_OWED', nonRetryable: true });
    expect(toApplicationFailure(new LoanloomError('UNAVAILABLE', 'x'))).toMatchObject({ type: 'UNAVAILABLE', nonRetryable: false });
    expect(toApplicationFailure(Object.assign(new Error('terminating'), { code: '57P01' }))).toMatchObject({
      type: 'UNAVAILABLE',
      nonRetryable: false,
    });
    expect(toApplicationFailure(new Error('insert … (110101199003074567)')).message).not.toContain('110101');
  });
});
