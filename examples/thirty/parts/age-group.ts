interface People {
  readonly age: bigint
  readonly sex: bigint
  readonly people: bigint
}

export const fields = { group: 'text', sex: 'text', people: 'integer' }

const CHILD = 15n
const RETIRED = 65n

/** The census writes the sexes as 1 and 2. */
export default function ageGroup({ age, sex, people }: People): Record<keyof typeof fields, unknown> {
  return {
    group: age < CHILD ? 'child' : age < RETIRED ? 'of working age' : 'retired',
    sex: sex === 1n ? 'male' : 'female',
    people,
  }
}
