import { appendFileSync, existsSync, readFileSync } from 'node:fs';

export interface RegisteredPerson {
  readonly name: string;
  readonly idNumber: string;
  readonly phone: string;
  readonly cardNumber: string;
}

export type Finding = 'same' | 'different' | 'unknown';

type Fact =
  | { readonly is: 'name'; readonly of: string; readonly value: string }
  | { readonly is: 'phone'; readonly of: string; readonly value: string }
  | { readonly is: 'card'; readonly of: string; readonly value: string };

/**
 * Who there is: whose an ID number, a phone and a card are. An open register takes up whoever it has not heard of, so that
 * anybody can be invented; what it knows once, it holds against whoever says otherwise. A closed one knows only whom it was
 * told about. With a file it survives its process.
 */
export class Register {
  private readonly facts = new Map<string, string>();
  isOpen = true;

  constructor(private readonly file?: string) {
    if (file !== undefined && existsSync(file))
      for (const line of readFileSync(file, 'utf8').split('\n')) if (line.endsWith('}')) this.remember(JSON.parse(line) as Fact);
  }

  /** Somebody who is as they say from now on, whatever was known before. */
  enter(person: RegisteredPerson): void {
    this.write({ is: 'name', of: person.idNumber, value: person.name });
    this.write({ is: 'phone', of: person.phone, value: person.idNumber });
    this.write({ is: 'card', of: person.cardNumber, value: `${person.idNumber}|${person.phone}` });
  }

  identity({ idNumber, name }: Pick<RegisteredPerson, 'idNumber' | 'name'>): Finding {
    return this.compare({ is: 'name', of: idNumber, value: name });
  }

  phone(person: Pick<RegisteredPerson, 'idNumber' | 'name' | 'phone'>): Finding {
    if (this.identity(person) === 'different') return 'different';
    return this.compare({ is: 'phone', of: person.phone, value: person.idNumber });
  }

  /** A card is found with the phone that its bank knows. */
  card(person: RegisteredPerson): Finding {
    if (this.identity(person) === 'different') return 'different';
    return this.compare({ is: 'card', of: person.cardNumber, value: `${person.idNumber}|${person.phone}` });
  }

  private compare(fact: Fact): Finding {
    const known = this.facts.get(`${fact.is}|${fact.of}`);
    if (known !== undefined) return known === fact.value ? 'same' : 'different';
    if (!this.isOpen) return 'unknown';
    this.write(fact);
    return 'same';
  }

  private write(fact: Fact): void {
    this.remember(fact);
    if (this.file !== undefined) appendFileSync(this.file, `${JSON.stringify(fact)}\n`, { mode: 0o600 });
  }

  private remember(fact: Fact): void {
    this.facts.set(`${fact.is}|${fact.of}`, fact.value);
  }
}
