/** A fault that a user can mend: one sentence that says what to do. Printed alone, without a stack; exit status 1. */
export class StackFault extends Error {
  override readonly name = 'StackFault';

  constructor(
    message: string,
    /** The child's own last words, shown below the sentence. */
    readonly output = '',
  ) {
    super(message);
  }
}
