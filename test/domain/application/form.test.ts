import {
  FORBIDDEN_PURPOSES,
  isIdExpired,
  isIdPlausible,
  LOAN_PURPOSES,
  LONG_TERM,
  REQUIRABLE_FIELDS,
  STEP_OF_FIELD,
} from '../../../domain/application/form';
import { businessDate } from '../../../domain/time/dates';

/** Guarantee: an ID card is believed and accepted exactly as long as the law lets one be valid. */
const ON = businessDate('2026-11-30');

describe('an ID card', () => {
  it.each([
    ['2046-11-29', 30, true],
    ['2046-11-30', 30, true],
    ['2046-12-01', 30, false],
    ['2026-11-30', 30, true],
    [null, 30, true],
    [LONG_TERM, 45, false],
    [LONG_TERM, 46, true],
    [LONG_TERM, 47, true],
    // Twenty years bind whoever has a card with an end, at any age.
    ['2046-12-01', 70, false],
  ])('valid until %s can be that of somebody of %d: %s', (until, age, expected) => {
    expect(isIdPlausible(until === null || until === LONG_TERM ? until : businessDate(until), age, ON)).toBe(expected);
  });

  it.each([
    ['2026-11-29', true],
    ['2026-11-30', false],
    ['2026-12-01', false],
    [LONG_TERM, false],
    [null, false],
  ])('valid until %s is out of date: %s; its last day is its own', (until, expected) => {
    expect(isIdExpired(until === null || until === LONG_TERM ? until : businessDate(until), ON)).toBe(expected);
  });
});

describe('the form', () => {
  it('knows the purposes that the licence forbids, and a step for each field', () => {
    expect(LOAN_PURPOSES.filter((each) => FORBIDDEN_PURPOSES.includes(each))).toEqual([
      'HOUSING',
      'SECURITIES',
      'DEBT_REPAYMENT',
      'BUSINESS',
    ]);
    expect(REQUIRABLE_FIELDS.filter((field) => STEP_OF_FIELD[field] === 'identity')).toEqual(['residence', 'idValidUntil']);
  });
});
