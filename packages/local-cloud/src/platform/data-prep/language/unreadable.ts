/** A mapping, path or expression that Data Prep would refuse to store. */
export class Unreadable extends Error {}
