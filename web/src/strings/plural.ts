const rules = new Intl.PluralRules('en')

/** The form of a text that fits a number. */
export function plural(count: number, forms: Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }): string {
  return forms[rules.select(count)] ?? forms.other
}
