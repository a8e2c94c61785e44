/** Why an expression does not compile. Inside this package only: users see `KITE_FILTER_INVALID`. */
export class SqlSyntaxError extends Error {}
