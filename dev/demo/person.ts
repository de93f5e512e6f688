/** An invented borrower whose numbers have correct check digits. The same seed gives the same person. */
export interface Person {
  readonly borrowerId: string;
  readonly name: string;
  readonly idNumber: string;
  readonly phone: string;
  readonly email: string;
  readonly cardNumber: string;
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK = '10X98765432';
const NAMES = ['王小明', '李静', '张伟', '刘洋', '陈晨', '杨帆', '赵磊', '黄丽'];

function idNumber(serial: number): string {
  const birth = `19${String(70 + (serial % 30)).padStart(2, '0')}${String(1 + (serial % 12)).padStart(2, '0')}${String(1 + (serial % 28)).padStart(2, '0')}`;
  const body = `110101${birth}${String(serial % 1000).padStart(3, '0')}`;
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(body[index]), 0);
  return `${body}${CHECK[sum % 11] ?? ''}`;
}

function cardNumber(serial: number): string {
  const body = `622202${String(serial).padStart(12, '0')}`;
  let sum = 0;
  for (const [index, digit] of Array.from(body).reverse().entries()) {
    const doubled = index % 2 === 0 ? Number(digit) * 2 : Number(digit);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return `${body}${String((10 - (sum % 10)) % 10)}`;
}

export function inventPerson(seed: number, index: number): Person {
  const serial = (seed * 7_919 + index * 104_729) % 1_000_000;
  const borrowerId = `borrower-${String(seed)}-${String(index)}`;
  return {
    borrowerId,
    name: NAMES[serial % NAMES.length] ?? '王小明',
    idNumber: idNumber(serial),
    phone: `138${String(10_000_000 + serial).slice(0, 8)}`,
    email: `${borrowerId}@example.com`,
    cardNumber: cardNumber(serial),
  };
}
