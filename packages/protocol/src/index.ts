export { defineHeader, emptyHeader, optional, required, rpcFields, topicFields, topicFieldsUnnamed } from './header.ts';
export type { Field, FieldKind, FieldTable, HeaderOf, HeaderSchema, HeaderValues } from './header.ts';
export { defineCommand } from './command.ts';
export type { AnyCommand, Command, CommandSpec, Direction, RequestBodyOf, RequestHeaderOf, ResponseBodyOf, ResponseHeaderOf } from './command.ts';
export type { BodyCodec } from './body.ts';
export { FrameFlag, FrameLimits, SerializeType } from './frame.ts';
export type { ExtFields, ExtWriter, FieldReader, Frame, OutgoingFrame } from './frame.ts';
export { SendAnswerWriter } from './frame/send-answer-writer.ts';
export type { SendAnswer } from './frame/send-answer-writer.ts';
export { fieldIndex } from './header/compiled-header.ts';
export { decodeFrame } from './frame/decode-frame.ts';
export { encodeFrameHead, frameHeadSizeMax } from './frame/encode-frame-head.ts';
export { FrameSplitter } from './frame/frame-splitter.ts';
export { ClientCode, ResponseCode, responseCodeName } from './response-code.ts';
export { LanguageCode, languageName, languageOrdinal } from './language-code.ts';
export { kiteMqVersion, MqVersion, mqVersionName, mqVersionOrdinal } from './mq-version.ts';
export { isInherited, isReadable, isWriteable, Permission, permissionText } from './permission.ts';
export { GroupSysFlag, MessageSysFlag, PullSysFlag, TopicSysFlag, compressionTypeOf, transactionTypeOf, withTransactionType } from './sys-flag.ts';
export type { CompressionType } from './sys-flag.ts';
export { allCommands, commandByCode, Commands } from './commands/commands.ts';
export { readJavaJson } from './java-json/java-json-reader.ts';
export { JsonObject } from './java-json/json-object.ts';
export type { JsonValue } from './java-json/json-object.ts';
export { jsonBody, optionalBody, struct } from './bodies/struct.ts';
export type { Struct, ValueOf } from './bodies/struct.ts';
export {
  ConsumerSendMsgBackRequestHeader, RecallMessageRequestHeader, RecallMessageResponseHeader, SendMessageRequestHeader,
  SendMessageRequestHeaderV2, SendMessageResponseHeader,
} from './commands/send.ts';
export { PullMessageRequestHeader, PullMessageResponseHeader } from './commands/pull.ts';
export {
  GetEarliestMsgStoretimeRequestHeader, GetEarliestMsgStoretimeResponseHeader, GetMaxOffsetRequestHeader, GetMaxOffsetResponseHeader,
  GetMinOffsetRequestHeader, GetMinOffsetResponseHeader, QueryConsumerOffsetRequestHeader, QueryConsumerOffsetResponseHeader,
  SearchOffsetRequestHeader, SearchOffsetResponseHeader, UpdateConsumerOffsetRequestHeader,
} from './commands/offsets.ts';
export {
  AckMessageRequestHeader, ChangeInvisibleTimeRequestHeader, ChangeInvisibleTimeResponseHeader, NotificationRequestHeader,
  NotificationResponseHeader, PeekMessageRequestHeader, PollingInfoRequestHeader, PollingInfoResponseHeader, PopMessageRequestHeader,
  PopMessageResponseHeader,
} from './commands/pop.ts';
export {
  GetLiteClientInfoRequestHeader, GetLiteGroupInfoRequestHeader, GetLiteTopicInfoRequestHeader, GetParentTopicInfoRequestHeader,
  LiteSubscriptionCtlRequestHeader, NotifyUnsubscribeLiteRequestHeader, PopLiteMessageRequestHeader, PopLiteMessageResponseHeader,
  TriggerLiteDispatchRequestHeader,
} from './commands/lite.ts';
export {
  GetConsumerListByGroupRequestHeader, HeartbeatResponseHeader, NotifyConsumerIdsChangedRequestHeader, UnregisterClientRequestHeader,
} from './commands/clients.ts';
export { CheckTransactionStateRequestHeader, EndTransactionRequestHeader, ResumeCheckHalfMessageRequestHeader } from './commands/transactions.ts';
export {
  ConsumeMessageDirectlyResultRequestHeader, GetConsumerRunningInfoRequestHeader, GetConsumerStatusRequestHeader, ReplyMessageRequestHeader,
  ResetOffsetRequestHeader,
} from './commands/pushes.ts';
export { QueryConsumeQueueRequestHeader, QueryMessageRequestHeader, QueryMessageResponseHeader, ViewMessageRequestHeader } from './commands/query.ts';
export {
  AddWritePermOfBrokerRequestHeader, AddWritePermOfBrokerResponseHeader, BrokerHeartbeatRequestHeader, DeleteKVConfigRequestHeader,
  DeleteTopicFromNamesrvRequestHeader, GetBrokerMemberGroupRequestHeader, GetKVConfigRequestHeader, GetKVConfigResponseHeader,
  GetKVListByNamespaceRequestHeader, GetRouteInfoRequestHeader, GetTopicsByClusterRequestHeader, NotifyMinBrokerIdChangeRequestHeader,
  PutKVConfigRequestHeader, QueryDataVersionRequestHeader, QueryDataVersionResponseHeader, RegisterBrokerRequestHeader,
  RegisterBrokerResponseHeader, RegisterTopicRequestHeader, UnRegisterBrokerRequestHeader, WipeWritePermOfBrokerRequestHeader,
  WipeWritePermOfBrokerResponseHeader,
} from './commands/nameserver.ts';
export {
  CreateTopicListRequestHeader, CreateTopicRequestHeader, DeleteTopicRequestHeader, GetAllTopicConfigRequestHeader,
  GetAllTopicConfigResponseHeader, GetTopicConfigRequestHeader, GetTopicStatsInfoRequestHeader,
} from './commands/topics.ts';
export {
  CloneGroupOffsetRequestHeader, DeleteSubscriptionGroupRequestHeader, GetAllSubscriptionGroupRequestHeader,
  GetAllSubscriptionGroupResponseHeader, GetConsumeStatsInBrokerHeader, GetConsumeStatsRequestHeader,
  GetConsumerConnectionListRequestHeader, GetProducerConnectionListRequestHeader, GetSubscriptionGroupConfigRequestHeader,
  QueryConsumeTimeSpanRequestHeader, QueryCorrectionOffsetHeader, QuerySubscriptionByConsumerRequestHeader,
  QueryTopicConsumeByWhoRequestHeader, QueryTopicsByConsumerRequestHeader, UpdateGroupForbiddenRequestHeader,
} from './commands/groups.ts';
export {
  AddBrokerRequestHeader, CheckRocksdbCqWriteProgressRequestHeader, ExportRocksDBConfigToJsonRequestHeader, GetBrokerConfigResponseHeader,
  RemoveBrokerRequestHeader, SetCommitLogReadModeRequestHeader, SwitchTimerEngineRequestHeader, ViewBrokerStatsDataRequestHeader,
} from './commands/broker-admin.ts';
export { ExchangeHAInfoRequestHeader, ExchangeHAInfoResponseHeader, ResetMasterFlushOffsetHeader } from './commands/replication.ts';
export {
  AlterSyncStateSetRequestHeader, AlterSyncStateSetResponseHeader, ApplyBrokerIdRequestHeader, ApplyBrokerIdResponseHeader,
  CleanControllerBrokerDataRequestHeader, ElectMasterRequestHeader, ElectMasterResponseHeader, GetMetaDataResponseHeader,
  GetNextBrokerIdRequestHeader, GetNextBrokerIdResponseHeader, GetReplicaInfoRequestHeader, GetReplicaInfoResponseHeader,
  NotifyBrokerRoleChangedRequestHeader, RegisterBrokerToControllerRequestHeader, RegisterBrokerToControllerResponseHeader,
} from './commands/controller.ts';
export {
  CreateAclRequestHeader, CreateUserRequestHeader, DeleteAclRequestHeader, DeleteUserRequestHeader, GetAclRequestHeader,
  GetUserRequestHeader, ListAclsRequestHeader, ListUsersRequestHeader, UpdateAclRequestHeader, UpdateUserRequestHeader,
} from './commands/auth.ts';
export { AclInfo, PolicyEntryInfo, PolicyInfo, UserInfo } from './bodies/auth.ts';
export { BatchAck, BatchAckMessageRequestBody } from './bodies/batch-ack.ts';
export { CheckRocksdbCqWriteResult, ColdDataFlowCtrInfo, ColdDataRuntime } from './bodies/broker-admin.ts';
export {
  BrokerStatsData, BrokerStatsItem, ConsumeByWho, ConsumeQueueData, ConsumeStats, ConsumeStatsList, GetConsumerStatusBody, MessageQueueForC,
  OffsetMovedEvent, OffsetWrapper, QueryConsumeQueueResponseBody, QueryConsumeTimeSpanBody, QueryCorrectionOffsetBody, QueueTimeSpan,
  ResetOffsetBody, ResetOffsetBodyForC, RollbackStats, TopicOffset, TopicStatsTable,
} from './bodies/consume-stats.ts';
export {
  ConsumeMessageDirectlyResult, ConsumeStatus, ConsumerRunningInfo, ConsumerRunningInfoKey, PopProcessQueueInfo, ProcessQueueInfo,
} from './bodies/consumer-running-info.ts';
export { ConsumerOffsetSerializeWrapper, DataVersion, DelayOffsetSerializeWrapper, KVTable } from './bodies/data-version.ts';
export {
  CheckClientRequestBody, Connection, ConsumerConnection, ConsumerData, GetConsumerListByGroupResponseBody, GroupList, HeartbeatData,
  ProducerConnection, ProducerData, ProducerInfo, ProducerTableInfo, QuerySubscriptionResponseBody, SubscriptionData,
} from './bodies/heartbeat.ts';
export type { ConsumeFromWhere, ConsumeType, MessageModel } from './bodies/heartbeat.ts';
export {
  ClientGroup, GetBrokerLiteInfoResponseBody, GetLiteClientInfoResponseBody, GetLiteGroupInfoResponseBody, GetLiteTopicInfoResponseBody,
  GetParentTopicInfoResponseBody, LiteLagInfo, LiteSubscriptionCtlRequestBody, LiteSubscriptionDTO, OffsetOption,
} from './bodies/lite.ts';
export { MessageQueueMap } from './bodies/message-queue-map.ts';
export type { MessageQueueKey } from './bodies/message-queue-map.ts';
export { MessageQueue } from './bodies/message-queue.ts';
export { noBody, propertiesBody, recordsBody } from './bodies/plain-bodies.ts';
export {
  LockBatchRequestBody, LockBatchResponseBody, MessageQueueAssignment, MessageRequestModeSerializeWrapper, QueryAssignmentRequestBody,
  QueryAssignmentResponseBody, SetMessageRequestModeRequestBody, UnlockBatchRequestBody,
} from './bodies/rebalance.ts';
export type { MessageRequestMode } from './bodies/rebalance.ts';
export {
  BrokerReplicasInfo, BrokerSyncInfo, ElectMasterResponseBody, EpochEntry, EpochEntryCache, HAClientRuntimeInfo, HAConnectionRuntimeInfo,
  HARuntimeInfo, ReplicaIdentity, ReplicasInfo, SyncStateSet, TimerCheckpoint, TimerMetric, TimerMetricsSerializeWrapper,
} from './bodies/replication.ts';
export {
  CustomizedRetryPolicy, ExponentialRetryPolicy, GroupForbidden, GroupRetryPolicy, SimpleSubscriptionData, SubscriptionGroupConfig,
  SubscriptionGroupList, SubscriptionGroupWrapper,
} from './bodies/subscription-group.ts';
export {
  CreateTopicListRequestBody, RegisterBrokerBody, TopicConfig, TopicConfigAndMappingSerializeWrapper, TopicConfigAndQueueMapping,
  TopicConfigSerializeWrapper, TopicQueueMappingSerializeWrapper, TopicRemappingDetailWrapper,
} from './bodies/topic-config.ts';
export { LogicQueueMappingItem, TopicQueueMappingDetail, TopicQueueMappingInfo } from './bodies/topic-queue-mapping.ts';
export {
  BrokerData, BrokerMemberGroup, ClusterInfo, GetBrokerMemberGroupResponseBody, QueueData, TopicList, TopicRouteData,
} from './bodies/topic-route.ts';
export { crcDigits, crcPropertyBytes, maskedCrc32 } from './record/crc32.ts';
export { encodeFiller, encodeRecord, recordSize, recordSizeOf } from './record/encode-record.ts';
export type { RecordFields, RecordLengths } from './record/encode-record.ts';
export { checkRecord, RecordCheck } from './record/check-record.ts';
export { decodeRecord, RecordView } from './record/record-view.ts';
export {
  bodyCrcAt, bodyLengthOffset, bornTimestampAt, flagAt, hostBytesV4, hostBytesV6, magicAt, physicalOffsetAt, queueIdAt, queueOffsetAt, RecordLimits, RecordMagic,
  RecordOffset, recordSizeAt, reconsumeTimesOffset, storeTimestampAt, storeTimestampOffset, sysFlagAt,
} from './record/record-layout.ts';
export { decodeBatch, encodeBatch } from './message/batch.ts';
export type { BatchMessage } from './message/batch.ts';
export { compressBody, decompressBody, decompressedBytesMax, zlibDecompressor } from './message/compression.ts';
export type { Decompressor } from './message/compression.ts';
export { encodeHost, encodeIp, hostText, ipText, parseHostPort } from './message/hosts.ts';
export { decodeOffsetMessageId, encodeOffsetMessageId, OffsetMessageIds, UniqKeyGenerator } from './message/message-ids.ts';
export type { OffsetMessageId } from './message/message-ids.ts';
export { decodeProperties, decodePropertyBytes, encodeProperties, PropertyKey, tagsCodeOf } from './message/message-properties.ts';
export { PropertyName } from './message/property-name.ts';
export {
  dlqTopicOf, dlqTopicPrefix, groupNameProblem, isDlqTopic, isRetryTopic, isSystemGroup, isSystemTopic, isUnsendableTopic, lmqPrefix, NameLimits, popRetryTopicOf, storeTopicPrefix,
  popRetryTopicV2Of, replyTopicOf, retryTopicOf, retryTopicPrefix, systemTopicPrefix, systemTopics, TopicNames, topicNameProblem,
} from './message/names.ts';
export { decodeMessages, messageOf } from './message/stored-message.ts';
export type { DecodeOptions, StoredMessage } from './message/stored-message.ts';
export { allTags, hashOfUtf8, javaHashCode, parseTagExpression } from './message/tags.ts';
export { propertiesObject, readProperties, writeProperties } from './text/properties-text.ts';
export type { PropertyEntry } from './text/properties-text.ts';
