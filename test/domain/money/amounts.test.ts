import { add, allocate, NO_COMPONENTS, subtract, sumOf, take, type Component, type Components } from '../../../domain/money/allocation';
import { fen, fenFromYuan, minorFrom, minorText, minus, plus, positiveFen, smaller, yuan } from '../../../domain/money/money';
import { divideRounded, ratio, rational, toDecimal } from '../../../domain/money/rational';

/** Guarantee: an amount is read to the fen or refused by name and place, and is never split into more or less than it is. */
const refused = (message: string, path?: string, code = 'INVALID_AMOUNT') =>
  expect.objectContaining({ code, message, details: path === undefined ? {} : { path } }) as Error;
const whole = 'an amount must be a whole number of fen within the safe integer range';
const MAX = Number.MAX_SAFE_INTEGER;

describe('an amount in fen', () => {
  it('is whole and safe, from a number or a bigint', () => {
    expect([fen(0), fen(-1), fen(MAX), fen(-MAX), fen(7n), fen(BigInt(MAX))]).toEqual([0, -1, MAX, -MAX, 7, MAX]);
    for (const value of [0.5, NaN, Infinity, MAX + 1, 2n ** 53n, 2n ** 53n + 1n, 10n ** 30n]) {
      expect(() => fen(value, 'here')).toThrow(refused(whole, 'here'));
      expect(() => fen(value)).toThrow(refused(whole));
    }
  });

  it('is above zero where it has to be', () => {
    expect([positiveFen(1), positiveFen(1n)]).toEqual([1, 1]);
    for (const value of [0, -1]) {
      expect(() => positiveFen(value, 'here')).toThrow(refused('the amount must be greater than zero', 'here'));
      expect(() => positiveFen(value)).toThrow(refused('the amount must be greater than zero'));
    }
    expect(() => positiveFen(0.5, 'here')).toThrow(refused(whole, 'here'));
  });

  it('adds up, and leaves the safe range by no sum or difference', () => {
    expect([plus(), plus(fen(1)), plus(fen(1), fen(2), fen(-4)), minus(fen(1), fen(3))]).toEqual([0, 1, -1, -2]);
    expect([smaller(fen(1), fen(2)), smaller(fen(2), fen(1)), smaller(fen(2), fen(2))]).toEqual([1, 1, 2]);
    expect(() => plus(fen(MAX), fen(1))).toThrow(refused(whole));
    expect(() => minus(fen(-MAX), fen(1))).toThrow(refused(whole));
  });
});

describe('an amount in text', () => {
  it.each([
    ['8000', 800_000],
    ['8000.5', 800_050],
    ['8000.50', 800_050],
    ['8000.05', 800_005],
    ['0.01', 1],
    ['-0.01', -1],
    ['-12.3', -1_230],
    ['0', 0],
    ['-0', 0],
    ['007', 700],
    ['9999999999999.99', 999_999_999_999_999],
  ])('%s yuan are %d fen', (text, expected) => {
    expect(fenFromYuan(text)).toBe(expected);
    expect(minorFrom(text, 2, 'here')).toBe(expected);
  });

  it.each(['', '1.', '.5', '1.234', '1e3', '+1', '--1', ' 1', '1 ', '1,000', '1.2.3', '0x1', '99999999999999999'])('%j is none', (text) => {
    expect(() => fenFromYuan(text, 'here')).toThrow(refused(`"${text}" is not an amount in yuan with at most two decimals`, 'here'));
    expect(() => fenFromYuan(text)).toThrow(refused(`"${text}" is not an amount in yuan with at most two decimals`));
    expect(() => minorFrom(text, 2, 'here')).toThrow(refused(`"${text}" is not an amount with at most 2 decimals`, 'here'));
  });

  it('that is long and wrong is shown by its first forty characters', () => {
    const long = `x${'1'.repeat(60)}`;
    expect(() => fenFromYuan(long)).toThrow(refused(`"${long.slice(0, 40)}" is not an amount in yuan with at most two decimals`));
    expect(() => minorFrom(long, 0, 'p')).toThrow(refused(`"${long.slice(0, 40)}" is not an amount with at most 0 decimals`, 'p'));
    expect(() => rational(long)).toThrow(
      refused(`"${long.slice(0, 40)}" is not a plain decimal number such as "0.12"`, undefined, 'INVALID_RATE'),
    );
  });

  it('has the decimals of its currency, in and out', () => {
    expect([
      minorFrom('123', 0, 'p'),
      minorFrom('1.5', 3, 'p'),
      minorFrom('-1.0005', 4, 'p'),
      minorFrom('9007199254740991', 0, 'p'),
    ]).toEqual([123, 1_500, -10_005, MAX]);
    expect(() => minorFrom('1.0', 0, 'p')).toThrow(refused('"1.0" is not an amount with at most 0 decimals', 'p'));
    expect(() => minorFrom('9007199254740992', 0, 'p')).toThrow(refused(whole, 'p'));
    const texts = ([0, 1, 2, 3, 4] as const).map((decimals) => [fen(-5), fen(0), fen(12_345)].map((amount) => minorText(amount, decimals)));
    expect(texts).toEqual([
      ['-5', '0', '12345'],
      ['-0.5', '0.0', '1234.5'],
      ['-0.05', '0.00', '123.45'],
      ['-0.005', '0.000', '12.345'],
      ['-0.0005', '0.0000', '1.2345'],
    ]);
    expect([fen(-5), fen(0), fen(99), fen(100), fen(-12_345)].map(yuan)).toEqual(['-0.05', '0.00', '0.99', '1.00', '-123.45']);
  });
});

describe('a rate', () => {
  it('is the exact fraction that its text names', () => {
    expect(['0.12', '-0.5', '3', '0', '1.50'].map((text) => rational(text))).toEqual([
      { numerator: 12n, denominator: 100n },
      { numerator: -5n, denominator: 10n },
      { numerator: 3n, denominator: 1n },
      { numerator: 0n, denominator: 1n },
      { numerator: 150n, denominator: 100n },
    ]);
    expect(() => rational('1e-3', 'here')).toThrow(refused('"1e-3" is not a plain decimal number such as "0.12"', 'here', 'INVALID_RATE'));
  });

  it('has a denominator above zero', () => {
    expect([ratio(1n, 2n), ratio(1n, -2n), ratio(-1n, -2n)]).toEqual([
      { numerator: 1n, denominator: 2n },
      { numerator: -1n, denominator: 2n },
      { numerator: 1n, denominator: 2n },
    ]);
    expect(() => ratio(1n, 0n)).toThrow(refused('a rational cannot have the denominator 0', undefined, 'INTERNAL'));
  });

  it.each([
    // 7 / 4 is 1.75, 5 / 4 is 1.25, 6 / 4 and 2 / 4 are ties, 8 / 4 is 2.
    ['down', [1n, 1n, 1n, 0n, 2n], [-1n, -1n, -1n, 0n, -2n]],
    ['up', [2n, 2n, 2n, 1n, 2n], [-2n, -2n, -2n, -1n, -2n]],
    ['ceiling', [2n, 2n, 2n, 1n, 2n], [-1n, -1n, -1n, 0n, -2n]],
    ['half_up', [2n, 1n, 2n, 1n, 2n], [-2n, -1n, -2n, -1n, -2n]],
    ['half_even', [2n, 1n, 2n, 0n, 2n], [-2n, -1n, -2n, 0n, -2n]],
  ] as const)('divided %s is rounded by name, whichever side of it is negative', (mode, above, below) => {
    const numerators = [7n, 5n, 6n, 2n, 8n];
    expect(numerators.map((n) => divideRounded(n, 4n, mode))).toEqual(above);
    expect(numerators.map((n) => divideRounded(-n, -4n, mode))).toEqual(above);
    expect(numerators.map((n) => divideRounded(-n, 4n, mode))).toEqual(below);
    expect(numerators.map((n) => divideRounded(n, -4n, mode))).toEqual(below);
  });

  it('is printed with exactly the decimals that are asked for, half up', () => {
    const third = { numerator: 1n, denominator: 3n };
    expect([toDecimal(third, 0), toDecimal(third, 1), toDecimal(third, 4)]).toEqual(['0', '0.3', '0.3333']);
    expect([toDecimal(ratio(-5n, 2n), 0), toDecimal(ratio(-1n, 20n), 1), toDecimal(ratio(0n, 1n), 2)]).toEqual(['-3', '-0.1', '0.00']);
    expect(toDecimal(ratio(1234n, 1n), 1)).toBe('1234.0');
  });
});

describe('an allocation', () => {
  const parts = (penalty: number, fee: number, interest: number, principal: number): Components => ({
    penalty: fen(penalty),
    fee: fen(fee),
    interest: fen(interest),
    principal: fen(principal),
  });
  const ORDER: Component[] = ['interest', 'principal', 'fee', 'penalty'];

  it('adds, subtracts and sums each component by itself', () => {
    const [a, b] = [parts(1, 20, 300, 4_000), parts(5, 6, 7, 8)];
    expect([add(a, b), subtract(a, b), sumOf(a)]).toEqual([parts(6, 26, 307, 4_008), parts(-4, 14, 293, 3_992), 4_321]);
  });

  it.each([
    [0, parts(0, 0, 0, 0), 0],
    [1, parts(0, 0, 1, 0), 0],
    [30, parts(0, 0, 30, 0), 0],
    [31, parts(0, 0, 30, 1), 0],
    [72, parts(0, 2, 30, 40), 0],
    [77, parts(5, 2, 30, 40), 0],
    [78, parts(5, 2, 30, 40), 1],
  ])('of %d fen goes in order, each component up to what it holds', (money, taken, left) => {
    expect(take(parts(5, 2, 30, 40), fen(money), ORDER)).toEqual({ taken, left });
  });

  it('takes nothing of a component that owes nothing or less, nor of one that the order leaves out', () => {
    expect(take(parts(-5, 0, 3, 9), fen(10), ['penalty', 'fee', 'interest'])).toEqual({ taken: parts(0, 0, 3, 0), left: 7 });
    expect(take(parts(1, 1, 1, 1), fen(-5), ORDER)).toEqual({ taken: NO_COMPONENTS, left: -5 });
  });

  it('pays what is due before what is not, and tells what is left', () => {
    const order = { due: ORDER, inAdvance: ['principal', 'interest'] as Component[] };
    const ahead = parts(0, 0, 50, 60);
    expect(allocate(parts(5, 2, 30, 40), ahead, fen(200), order)).toEqual({
      due: parts(5, 2, 30, 40),
      notYetDue: parts(0, 0, 50, 60),
      unallocated: 13,
    });
    expect(allocate(parts(5, 2, 30, 40), ahead, fen(147), order).notYetDue).toEqual(parts(0, 0, 10, 60));
    expect(allocate(parts(5, 2, 30, 40), ahead, fen(70), order)).toMatchObject({ due: parts(0, 0, 30, 40), notYetDue: NO_COMPONENTS });
  });

  it('refuses an amount that its order does not name, by name and place', () => {
    const order = { due: ['interest'] as Component[], inAdvance: ['principal'] as Component[] };
    const message = (name: string) => `${name} has an amount, but the order does not name it`;
    expect(() => allocate(parts(0, 1, 1, 0), NO_COMPONENTS, fen(1), order)).toThrow(refused(message('fee'), 'due.fee', 'VALIDATION'));
    expect(() => allocate(NO_COMPONENTS, parts(0, 0, 1, 0), fen(1), order)).toThrow(
      refused(message('interest'), 'notYetDue.interest', 'VALIDATION'),
    );
    expect(allocate(parts(0, 0, 1, 0), parts(0, 0, 0, 1), fen(2), order).unallocated).toBe(0);
  });
});
