/** Commands of Apache 5.5.0's mqadmin that need what this release does not have. They get a sentence instead of "unknown command". */
export const mqadminNotOffered: readonly string[] = `
  updateTopicList updateSubGroupList setConsumeMode updateTopicPerm topicClusterList addBroker removeBroker resetMasterFlushOffset
  queryMsgTraceById QueryMsgTraceById printMsg printMsgByQueue sendMsgStatus brokerConsumeStats consumerStatus cloneGroupOffset producer updateOrderConf
  startMonitoring statsAll allocateMQ checkMsgSendRT clusterRT getConsumerConfig queryCq updateStaticTopic remappingStaticTopic
  exportMetadata exportConfigs exportMetrics exportMetadataInRocksDB exportPopRecord haStatus getSyncStateSet getBrokerEpoch getControllerMetaData getControllerConfig
  updateControllerConfig electMaster cleanBrokerMetadata dumpCompactionLog getColdDataFlowCtrInfo updateColdDataFlowCtrGroupConfig removeColdDataFlowCtrGroupConfig
  setCommitLogReadAheadMode createUser updateUser deleteUser getUser listUser copyUser createAcl updateAcl deleteAcl getAcl listAcl copyAcl rocksDBConfigToJson
  checkRocksdbCqWriteProgress switchTimerEngine getBrokerLiteInfo getParentTopicInfo getLiteTopicInfo getLiteClientInfo getLiteGroupInfo triggerLiteDispatch`
  .trim()
  .split(/\s+/);
