const reasons: readonly (readonly [reason: string, keys: string])[] = [
  ['the journal is one log with its views in LMDB; there is nothing to map, pool or warm up',
    'mappedFileSizeConsumeQueue mappedFileSizeConsumeQueueExt storePathCommitLog storePathConsumeQueue storePathIndex storeCheckpoint abortFile transientStorePoolEnable transientStorePoolSize fastFailIfNoBufferInStorePool ' +
    'warmMapedFileEnable flushLeastPagesWhenWarmMapedFile commitCommitLogLeastPages commitIntervalCommitLog commitCommitLogThoroughInterval flushCommitLogLeastPages flushCommitLogThoroughInterval ' +
    'flushConsumeQueueLeastPages flushIntervalConsumeQueue flushConsumeQueueThoroughInterval useReentrantLockWhenPutMessage osPageCacheBusyTimeOutMills enableConsumeQueueExt storeType ' +
    'dispatchFromSenderThread dispatchCqThreads enableBuildConsumeQueueConcurrently readUnCommitted putMsgIndexHightWater maxIndexNum maxHashSlotNum messageIndexSafe bitMapLengthConsumeQueueExt enableCalcFilterBitMap'],
  ['group commit follows the event loop: with sync flush a flush begins as soon as the one before has ended, with async flush 500 ms after the first write', 'flushIntervalCommitLog flushCommitLogTimed'],
  ['there is one event loop per broker, no thread pools', 'sendMessageThreadPoolNums putMessageFutureThreadPoolNums pullMessageThreadPoolNums litePullMessageThreadPoolNums ackMessageThreadPoolNums processReplyMessageThreadPoolNums ' +
    'queryMessageThreadPoolNums adminBrokerThreadPoolNums clientManageThreadPoolNums consumerManageThreadPoolNums loadBalanceProcessorThreadPoolNums heartbeatThreadPoolNums recoverThreadPoolNums endTransactionThreadPoolNums ' +
    'sendThreadPoolQueueCapacity putThreadPoolQueueCapacity pullThreadPoolQueueCapacity litePullThreadPoolQueueCapacity ackThreadPoolQueueCapacity replyThreadPoolQueueCapacity queryThreadPoolQueueCapacity clientManagerThreadPoolQueueCapacity ' +
    'consumerManagerThreadPoolQueueCapacity heartbeatThreadPoolQueueCapacity endTransactionPoolQueueCapacity adminBrokerThreadPoolQueueCapacity loadBalanceThreadPoolQueueCapacity ' +
    'serverWorkerThreads serverCallbackExecutorThreads serverSelectorThreads serverOnewaySemaphoreValue serverAsyncSemaphoreValue useEpollNativeSelector serverPooledByteBufAllocatorEnable serverSocketSndBufSize serverSocketRcvBufSize ' +
    'transferMsgByHeap fetchNamesrvAddrByAddressServer sendMessageThreadPoolQueueCapacity'],
  ['load is refused by what waits for the disk, not by age in a queue', 'brokerFastFailureEnable waitTimeMillsInSendQueue waitTimeMillsInPullQueue waitTimeMillsInLitePullQueue waitTimeMillsInHeartbeatQueue waitTimeMillsInTransactionQueue waitTimeMillsInAckQueue waitTimeMillsInAdminBrokerQueue'],
  ['reads from disk do not block others, so they have the same limits as reads from memory', 'maxTransferBytesOnMessageInDisk maxTransferCountOnMessageInDisk'],
  ['it is always so: registration is full and repeated, and at a change carries what changed', 'forceRegister enableSingleTopicRegister enableSplitRegistration splitRegistrationSize compressedRegister'],
  ['records are always verified at start', 'checkCRCOnRecover forceVerifyPropCRC'],
  ['replicas and elections are not built yet', 'brokerRole haListenPort brokerIP2 haSendHeartbeatInterval haHousekeepingInterval haTransferBatchSize haMaxGapNotInSync haMasterAddress haFlowControlEnable maxHaTransferByteInSecond slaveTimeout slaveReadEnable ' +
    'totalReplicas inSyncReplicas minInSyncReplicas allAckInSyncStateSet enableAutoInSyncReplicas enableControllerMode controllerAddr enableSlaveActingMaster enableRemoteEscape duplicationEnable enableDLegerCommitLog dLegerGroup dLegerPeers dLegerSelfId offsetCheckInSlave ' +
    'brokerHeartbeatInterval brokerNotActiveTimeoutMillis sendHeartbeatTimeoutMillis syncBrokerMemberGroupPeriod compatibleWithOldNameSrv skipPreOnline brokerElectionPriority lockInStrictMode haMaxTimeSlaveNotCatchup syncFromLastFile asyncLearner'],
  ['segments are deleted one by one without holding others up, as many as have to go', 'deleteFileBatchMax deleteCommitLogFilesInterval deleteConsumeQueueFilesInterval destroyMapedFileIntervalForcibly redeleteHangedFileInterval'],
  ['timers are not built yet (delay levels are)', 'timerWheelEnable timerMaxDelaySec timerPrecisionMs timerRollWindowSlot timerCongestNumEachSlot timerStopEnqueue timerStopDequeue timerRocksDBEnable timerInterceptDelayLevel recallMessageEnable allowRecallWhenBrokerNotWriteable appendTopicForTimerDeleteKey'],
  ['transactions are not built yet', 'transactionTimeOut transactionCheckMax transactionCheckInterval transactionOpMsgMaxSize transactionOpBatchInterval transRocksDBEnable'],
  ['pop consumption is not built yet', 'popPollingSize maxPopPollingSize popFromRetryProbability popFromRetryProbabilityForPriority priorityOrderAsc enableRetryTopicV2 retrieveMessageFromPopRetryTopicV1 popResponseReturnActualRetryTopic enablePopBufferMerge popConsumerKVServiceEnable ' +
    'enablePopMessageThreshold popInflightMessageThreshold initPopOffsetByCheckMsgInMem popLongPollingForceNotifyInterval useSeparateRetryQueue enableNotifyAfterPopOrderLockRelease reviveInterval defaultMessageRequestMode defaultPopShareQueueNum serverLoadBalancerEnable'],
  ['authentication is not built yet', 'aclEnable authenticationEnabled authenticationProvider authenticationMetadataProvider authenticationWhitelist initAuthenticationUser innerClientAuthenticationCredentials authorizationEnabled authorizationWhitelist migrateAuthFromV1Enabled'],
  ['nothing is ever executed or written where a setting says so', 'rocketmqHome brokerConfigPath configBlackList filterServerNums messageStorePlugIn metricsExporterType metricsPromExporterPort abortProcess'],
  ['topics with cleanup.policy=COMPACTION are always compacted, on the disk rather than in a map', 'enableCompaction maxOffsetMapSize compactionThreadNum compactionMappedFileSize compactionCqMappedFileSize'],
  ['light queues, tiered storage, cold-data control and static topics are not built yet', 'enableLmq enableMultiDispatch maxLmqConsumeQueueNum enableLiteEventMode maxLiteSubscriptionCount liteSubscriptionCheckTimeoutMills minLiteTTl ' +
    'coldDataFlowControlEnable coldDataScanEnable cgColdReadThreshold globalColdReadThreshold enableMixedMessageType'],
  ['request-reply is not built yet', 'storeReplyMessageEnable'],
  ['the lag of a group is counted, not estimated', 'estimateAccumulation'],
  ['a stored record has the format version that its topic needs, and the checksum that it always had', 'autoMessageVersionOnTopicLen enabledAppendPropCRC'],
  ['queues are views of the log: there are no files to travel, and no second version of their settings', 'travelCqFileNumWhenGetMessage configManagerVersion'],
  ['delay levels are delivered as fast as they are due', 'enableScheduleAsyncDeliver'],
  ['groups that read slowly, pull consumers and rates are not limited yet', 'disableConsumeIfConsumerReadSlowly consumerFallbehindThreshold rejectPullConsumerEnable enableNetWorkFlowControl'],
  ['SQL filters are evaluated on the record itself, without bloom filters; retry topics are filtered by tag', 'filterSupportRetry expectConsumerNumUseFilter maxErrorRateOfBloomFilter'],
  ['replicas and elections are not built yet', 'fetchControllerAddrByDnsLookup syncBrokerMetadataPeriod checkSyncStateSetPeriod syncControllerMetadataPeriod controllerHeartBeatTimeoutMills enableBatchPush'],
  ['offsets of broadcasting consumers stay with the clients', 'enableBroadcastOffsetStore broadcastOffsetExpireSecond broadcastOffsetExpireMaxSecond'],
  ['connections are bounded and closed by fixed rules', 'serverChannelMaxIdleTimeSeconds serverSocketBacklog enableShutdownGracefully shutdownWaitTimeSeconds'],
];

function expand(): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [reason, keys] of reasons) for (const key of keys.split(' ')) all[key] = reason;
  return all;
}

/** Keys of an Apache `broker.conf` that have no effect here, with the reason: so that an existing file works and says what it lost. */
export const ignoredBrokerKeys: Readonly<Record<string, string>> = expand();
