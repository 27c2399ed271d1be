// One type level helper.

/** `A & B & C` from `A | B | C`. */
export type Intersection<Union> = (Union extends unknown ? (value: Union) => void : never) extends
  (value: infer All) => void ? All : never;
