/**
 * Whether a person's text can be printed, stored and signed everywhere: no control or line-breaking characters, no
 * direction overrides, no halves of characters, nothing that XML 1.0 forbids or Unicode has not assigned.
 */
export function isPrintable(text: string): boolean {
  return !/[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u.test(text);
}
