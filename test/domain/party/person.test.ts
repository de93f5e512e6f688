import { ageOn, dateOfBirth } from '../../../domain/party/person';
import { isPrintable } from '../../../domain/party/text';
import { businessDate } from '../../../domain/time/dates';

/** Guarantee: a person's birthday is read as GB 11643 writes it, their age counts completed years, and their text can be printed everywhere. */
const idOf = (born: string) => `110101${born}002X`;

describe('an ID number', () => {
  it.each([
    ['19000101', '1900-01-01'],
    ['19900228', '1990-02-28'],
    ['20000229', '2000-02-29'],
    ['20240229', '2024-02-29'],
    ['19991231', '1999-12-31'],
    ['19900430', '1990-04-30'],
  ])('with %s names the day %s', (digits, born) => {
    expect(dateOfBirth(idOf(digits))).toBe(born);
    expect(dateOfBirth(`110101${digits}0021`)).toBe(born);
    expect(dateOfBirth(`110101${digits}002x`)).toBe(born);
  });

  it.each(['18991231', '19900001', '19901301', '19900100', '19900132', '19900229', '19000229', '19900431'])(
    'with %s names no day',
    (digits) => {
      expect(dateOfBirth(idOf(digits))).toBeUndefined();
    },
  );

  it.each([
    '',
    '11010119900228002',
    '110101199002280021X',
    'X10101199002280021',
    '1101011990022800Y1',
    '11010119900228002Y',
    ' 110101199002280021',
    '110101199002280021\n',
    'A110101199002280021',
    '110101900228002',
    '11010119900A28002X',
    '110101A9900228002X',
    '1101011990022A002X',
  ])('%j is none', (text) => {
    expect(dateOfBirth(text)).toBeUndefined();
  });
});

describe('an age', () => {
  it.each([
    ['2008-11-29', '2026-11-28', 17],
    ['2008-11-29', '2026-11-29', 18],
    ['2008-11-29', '2026-11-30', 18],
    ['2008-12-01', '2026-11-30', 17],
    ['2008-02-29', '2026-02-28', 17],
    ['2008-02-29', '2026-03-01', 18],
    ['2026-11-29', '2026-11-29', 0],
  ])('of somebody born on %s is on %s %d completed years', (born, on, years) => {
    expect(ageOn(businessDate(born), businessDate(on))).toBe(years);
  });
});

describe('a person’s text', () => {
  it.each(['', '王小明', '阿不都·热西提', 'O’Neil-Smith Jr.', 'é e\u0301', '𠮷野', '100 %, No. 7'])('%j can be printed', (text) => {
    expect(isPrintable(text)).toBe(true);
  });

  it.each([
    ['a control character', '\u0000'],
    ['a tab', '\t'],
    ['a line’s end', '\n'],
    ['a control character of the second block', '\u0085'],
    ['half of a character', '\ud842'],
    ['a private character', '\ue000'],
    ['an unassigned one', '\u0378'],
    ['a non-character', '\uffff'],
    ['a line separator', '\u2028'],
    ['a paragraph separator', '\u2029'],
    ['an Arabic mark', '\u061c'],
    ['a left-to-right mark', '\u200e'],
    ['a right-to-left mark', '\u200f'],
    ['an override', '\u202a'],
    ['another override', '\u202e'],
    ['an isolate', '\u2066'],
    ['an isolate’s end', '\u2069'],
    ['a byte-order mark', '\ufeff'],
  ])('with %s cannot', (_name, character) => {
    expect(isPrintable(`王${character}明`)).toBe(false);
    expect(isPrintable(character)).toBe(false);
  });
});
