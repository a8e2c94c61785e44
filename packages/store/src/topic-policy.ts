/** What the store does with the messages of a topic besides keeping them. The broker knows it; the store asks now and then, never per message. */
export interface TopicPolicy {
  /** `compact`: the latest message of each key (property KEYS) stays for ever, older ones go. Default `delete`: all go with the log. */
  readonly cleanup?: 'delete' | 'compact';
}

export type TopicPolicies = (topic: string) => TopicPolicy | undefined;
