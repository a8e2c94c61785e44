/** One promise of a port, as a test that any test runner can run: it throws (node:assert) when the promise is broken. */
export interface ContractCase<Fixture> {
  readonly name: string;
  run(fixture: Fixture): Promise<void>;
}
