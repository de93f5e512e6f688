export interface IdentityClaim {
  readonly name: string;
  readonly idNumber: string;
  readonly phone: string;
  readonly cardNumber: string;
  /** The person's consent in force: no question leaves without one. */
  readonly consentId: string;
}

export interface CheckResult {
  readonly check: string;
  readonly passed: boolean;
}

/** What was checked, with results, and what was not: a record never claims more than was done. */
export interface IdentityVerdict {
  readonly passed: boolean;
  readonly checked: readonly CheckResult[];
  readonly notChecked: readonly string[];
  readonly provider: string;
}

/** Port to whoever can vouch for an identity. An adapter to an authoritative source replaces the formal checks below. */
export interface IdentityVerifier {
  verify(claim: IdentityClaim): Promise<IdentityVerdict>;
}
