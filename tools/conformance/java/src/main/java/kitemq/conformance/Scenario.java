package kitemq.conformance;

/** One thing that a broker has to do for an official client. Throws when the broker does not do it. */
@FunctionalInterface
interface Scenario {
    void run(Env env) throws Exception;
}
