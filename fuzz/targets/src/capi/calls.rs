//! All functions that the headers declare.

#![allow(clippy::wildcard_imports, reason = "all of it is called")]

use std::ptr;

use native_drm::native_avbuffer::*;
use native_drm::native_avbuffer_info::OH_AVCodecBufferAttr;
use native_drm::native_avmetadata::*;
use native_drm::native_avplaybackstate::*;
use native_drm::native_avsession::*;
use native_drm::native_avsession_base::*;
use native_drm::native_avsession_extension::*;
use native_drm::native_cencinfo::*;
use native_drm::native_drm_common::*;
use native_drm::native_drm_extension::*;
use native_drm::native_drm_isolation::*;
use native_drm::native_drm_license::*;
use native_drm::native_drm_license_service::*;
use native_drm::native_drm_plugin::*;
use native_drm::native_mediadecrypt::*;
use native_drm::native_mediakeysession::*;
use native_drm::native_mediakeysystem::*;

use super::callbacks::*;
use super::context::Context;
use super::handles::Kind::{Av, Buffer, Builder, Cenc, Metadata, Playback, Service, Session, System, Template};

/// A function, and how to call it.
pub struct Call {
    pub name: &'static str,
    /// How often it is chosen: what takes long is called less often.
    weight: u32,
    pub run: fn(&mut Context<'_>),
}

/// Chooses a call.
pub fn choose(context: &mut Context<'_>) -> &'static Call {
    let all: u32 = CALLS.iter().map(|call| call.weight).sum();
    let mut number = u32::from(context.script.half()) % all;
    for call in CALLS {
        match number.checked_sub(call.weight) {
            Some(rest) => number = rest,
            None => return call,
        }
    }
    &CALLS[0]
}

/// The names of the functions.
#[cfg(test)]
pub fn names() -> impl Iterator<Item = &'static str> {
    CALLS.iter().map(|call| call.name)
}

macro_rules! calls {
    ($($weight:literal $kit:ident $name:ident |$context:ident| $call:expr $(=> $kind:ident)?;)*) => {
        static CALLS: &[Call] = &[$(Call {
            name: stringify!($name),
            weight: $weight,
            run: |$context| {
                #[allow(unused_unsafe, reason = "functions that take nothing but handles are safe")]
                // SAFETY: the context's pointers are null or to memory of the length that goes with them, of the type's
                // alignment, and its strings end with a NUL; all of it lives until the context's `end`. The callbacks may
                // run at any time.
                let code = unsafe { $call };
                $context.$kit(code);
                $($context.keep($kind);)?
            },
        }),*];
    };
}

// Each line: how often, the kit that the code is of, the function, its call, what it makes.
#[rustfmt::skip]
calls! {
    40 drm OH_MediaKeySystem_Create |c| OH_MediaKeySystem_Create(c.name(), c.new_handle()) => System;
    10 drm OH_MediaKeySystem_Destroy |c| OH_MediaKeySystem_Destroy(c.doomed(System));
    10 plain OH_MediaKeySystem_IsSupported |c| OH_MediaKeySystem_IsSupported(c.name());
    10 plain OH_MediaKeySystem_IsSupported2 |c| OH_MediaKeySystem_IsSupported2(c.name(), c.text());
    10 plain OH_MediaKeySystem_IsSupported3 |c| OH_MediaKeySystem_IsSupported3(c.name(), c.text(), ContentProtectionLevelValue(c.small()));
    10 drm OH_MediaKeySystem_GetMediaKeySystems |c| { let count = c.small() % 4; let room = c.out::<[DRM_MediaKeySystemDescription; 4]>(); OH_MediaKeySystem_GetMediaKeySystems(room.cast(), c.in_out(count)) };
    10 drm OH_MediaKeySystem_SetConfigurationString |c| OH_MediaKeySystem_SetConfigurationString(c.handle(System), c.text(), c.text());
    10 drm OH_MediaKeySystem_GetConfigurationString |c| { let (p, n) = c.buffer(); OH_MediaKeySystem_GetConfigurationString(c.handle(System), c.text(), p.cast(), n) };
    10 drm OH_MediaKeySystem_SetConfigurationByteArray |c| { let (p, n) = c.bytes(); OH_MediaKeySystem_SetConfigurationByteArray(c.handle(System), c.text(), p, n) };
    10 drm OH_MediaKeySystem_GetConfigurationByteArray |c| { let (p, n) = c.buffer(); OH_MediaKeySystem_GetConfigurationByteArray(c.handle(System), c.text(), p, c.in_out(n)) };
    10 drm OH_MediaKeySystem_GetStatistics |c| OH_MediaKeySystem_GetStatistics(c.handle(System), c.out());
    10 drm OH_MediaKeySystem_GetMaxContentProtectionLevel |c| OH_MediaKeySystem_GetMaxContentProtectionLevel(c.handle(System), c.out());
    10 drm OH_MediaKeySystem_SetMediaKeySystemCallback |c| OH_MediaKeySystem_SetMediaKeySystemCallback(c.handle(System), c.maybe(Some(plain_event as _)));
    10 drm OH_MediaKeySystem_SetCallback |c| OH_MediaKeySystem_SetCallback(c.handle(System), c.maybe(Some(system_event as _)));
    10 drm OH_MediaKeySystem_SetCallbackWithUserData |c| OH_MediaKeySystem_SetCallbackWithUserData(c.handle(System), c.maybe(Some(system_event_with_data as _)), ptr::null_mut());
    40 drm OH_MediaKeySystem_CreateMediaKeySession |c| { let handle = c.handle(System); let level = ContentProtectionLevelValue(c.small() % 4); let level = c.given(level); OH_MediaKeySystem_CreateMediaKeySession(handle, level, c.new_handle()) } => Session;
    6 drm OH_MediaKeySystem_GenerateKeySystemRequest |c| { let ((p, n), (u, m)) = (c.buffer(), c.buffer()); OH_MediaKeySystem_GenerateKeySystemRequest(c.handle(System), p, c.in_out(n), u.cast(), m) };
    6 drm OH_MediaKeySystem_ProcessKeySystemResponse |c| { let (p, n) = c.bytes(); OH_MediaKeySystem_ProcessKeySystemResponse(c.handle(System), p, n) };
    4 drm OH_MediaKeySystem_GetOfflineMediaKeyIds |c| OH_MediaKeySystem_GetOfflineMediaKeyIds(c.handle(System), c.out());
    4 drm OH_MediaKeySystem_GetOfflineMediaKeyStatus |c| { let (p, n) = c.bytes(); OH_MediaKeySystem_GetOfflineMediaKeyStatus(c.handle(System), p, n, c.out()) };
    4 drm OH_MediaKeySystem_ClearOfflineMediaKeys |c| { let (p, n) = c.bytes(); OH_MediaKeySystem_ClearOfflineMediaKeys(c.handle(System), p, n) };
    8 drm OH_MediaKeySystem_GetCertificateStatus |c| OH_MediaKeySystem_GetCertificateStatus(c.handle(System), c.out());
    8 drm OH_MediaKeySystem_SetVirtualClock |c| OH_MediaKeySystem_SetVirtualClock(c.handle(System), c.number());
    8 drm OH_MediaKeySystem_AdvanceVirtualClock |c| OH_MediaKeySystem_AdvanceVirtualClock(c.handle(System), c.script.number(), c.flag());
    6 drm OH_MediaKeySystem_FindSessionByKeyId |c| OH_MediaKeySystem_FindSessionByKeyId(c.handle(System), c.sixteen(), c.small() / 6, c.out());

    16 drm OH_MediaKeySession_GenerateMediaKeyRequest |c| { let info = request_info(c); let info = c.given(info); OH_MediaKeySession_GenerateMediaKeyRequest(c.handle(Session), info, c.out()) };
    16 drm OH_MediaKeySession_ProcessMediaKeyResponse |c| { let ((p, n), (id, m)) = (c.bytes(), c.buffer()); OH_MediaKeySession_ProcessMediaKeyResponse(c.handle(Session), p, n, id, c.in_out(m)) };
    10 drm OH_MediaKeySession_CheckMediaKeyStatus |c| OH_MediaKeySession_CheckMediaKeyStatus(c.handle(Session), c.out());
    10 drm OH_MediaKeySession_ClearMediaKeys |c| OH_MediaKeySession_ClearMediaKeys(c.handle(Session));
    4 drm OH_MediaKeySession_GenerateOfflineReleaseRequest |c| { let ((p, n), (r, m)) = (c.bytes(), c.buffer()); OH_MediaKeySession_GenerateOfflineReleaseRequest(c.handle(Session), p, n, r, c.in_out(m)) };
    4 drm OH_MediaKeySession_ProcessOfflineReleaseResponse |c| { let ((p, n), (r, m)) = (c.bytes(), c.bytes()); OH_MediaKeySession_ProcessOfflineReleaseResponse(c.handle(Session), p, n, r, m) };
    4 drm OH_MediaKeySession_RestoreOfflineMediaKeys |c| { let (p, n) = c.bytes(); OH_MediaKeySession_RestoreOfflineMediaKeys(c.handle(Session), p, n) };
    10 drm OH_MediaKeySession_GetContentProtectionLevel |c| OH_MediaKeySession_GetContentProtectionLevel(c.handle(Session), c.out());
    10 drm OH_MediaKeySession_RequireSecureDecoderModule |c| OH_MediaKeySession_RequireSecureDecoderModule(c.handle(Session), c.text(), c.out());
    10 drm OH_MediaKeySession_SetMediaKeySessionCallback |c| { let callback = MediaKeySession_Callback { eventCallback: c.maybe(Some(plain_event as _)), keyChangeCallback: c.maybe(Some(plain_key_change as _)) }; let callback = c.given(callback); OH_MediaKeySession_SetMediaKeySessionCallback(c.handle(Session), callback) };
    10 drm OH_MediaKeySession_SetCallback |c| { let callback = OH_MediaKeySession_Callback { eventCallback: c.maybe(Some(session_event as _)), keyChangeCallback: c.maybe(Some(key_change as _)) }; let callback = c.given(callback); OH_MediaKeySession_SetCallback(c.handle(Session), callback) };
    10 drm OH_MediaKeySession_SetCallbackWithUserData |c| { let callback = OH_MediaKeySession_UserDataCallback { eventCallback: c.maybe(Some(session_event_with_data as _)), keyChangeCallback: c.maybe(Some(key_change_with_data as _)) }; let callback = c.given(callback); OH_MediaKeySession_SetCallbackWithUserData(c.handle(Session), callback, ptr::null_mut()) };
    10 drm OH_MediaKeySession_Destroy |c| OH_MediaKeySession_Destroy(c.doomed(Session));
    10 drm OH_MediaKeySession_ExplainLicenses |c| { let (p, n) = c.sized_buffer(); OH_MediaKeySession_ExplainLicenses(c.handle(Session), p.cast(), c.in_out(n)) };
    40 drm OH_MediaKeySession_DecryptSample |c| { let info = sample_info(c); let info = c.given(info); let (data, n) = data(c); OH_MediaKeySession_DecryptSample(c.handle(Session), info, data, n) };
    10 drm OH_MediaKeySession_DecryptSampleWithCencInfo |c| { let (data, n) = data(c); OH_MediaKeySession_DecryptSampleWithCencInfo(c.handle(Session), c.handle(Cenc), data, n) };
    20 drm OH_MediaKeySession_DecryptAVBuffer |c| OH_MediaKeySession_DecryptAVBuffer(c.handle(Session), c.handle(Buffer));
    10 drm OH_MediaKeySession_DecryptSamples |c| { let samples = samples(c); let samples = c.given(samples); OH_MediaKeySession_DecryptSamples(c.handle(Session), samples.cast(), c.small() % 4, c.note()) };
    10 drm OH_MediaKeySession_DecryptAccessUnit |c| { let info = unit_info(c); let info = c.given(info); let (data, n) = data(c); OH_MediaKeySession_DecryptAccessUnit(c.handle(Session), info, c.in_out(NO_CEI), data, c.in_out(n)) };

    10 plain OH_Drm_GetLastErrorMessage |c| { let _ = &c; OH_Drm_GetLastErrorMessage() };
    2 plain OH_Drm_GetVersion |c| { let _ = &c; OH_Drm_GetVersion() };
    10 drm OH_Drm_ParseMediaKeySystemInfo |c| { let (p, n) = c.sized(); OH_Drm_ParseMediaKeySystemInfo(p, n as usize, c.out()) };
    10 drm OH_Drm_ParsePsshBoxes |c| { let (p, n) = c.sized(); OH_Drm_ParsePsshBoxes(p, n as usize, Some(pssh_box), ptr::null_mut()) };
    // `plugin` registers one, whose functions it has answer what the input says.
    1 drm OH_Drm_RegisterKeySystem |c| { let _ = &c; OH_Drm_RegisterKeySystem(ptr::null()) };
    1 drm OH_Drm_LoadPlugin |c| OH_Drm_LoadPlugin(c.text());
    // The name of none: a fuzzer starts no processes, and tests of isolation have their own targets.
    1 drm OH_MediaKeySystem_CreateIsolated |c| OH_MediaKeySystem_CreateIsolated(ptr::null(), c.out());
    2 drm OH_Drm_AllocateSampleBuffer |c| OH_Drm_AllocateSampleBuffer(c.handle(System), 0, c.out());
    2 drm OH_Drm_FreeSampleBuffer |c| { let (p, _) = c.bytes(); OH_Drm_FreeSampleBuffer(p) };
    4 drm OH_Drm_SetLogCallback |c| OH_Drm_SetLogCallback(LogLevelValue(c.small()), Some(log), ptr::null_mut());

    10 drm OH_DrmLicenseTemplate_Create |c| OH_DrmLicenseTemplate_Create(LicenseProfileValue(c.small() / 3), c.new_handle()) => Template;
    5 drm OH_DrmLicenseTemplate_Destroy |c| OH_DrmLicenseTemplate_Destroy(c.doomed(Template));
    10 drm OH_DrmLicenseTemplate_Parse |c| { let (p, n) = c.sized(); OH_DrmLicenseTemplate_Parse(c.handle(Template), p, n) };
    10 drm OH_DrmLicenseTemplate_SetBool |c| OH_DrmLicenseTemplate_SetBool(c.handle(Template), c.text(), c.flag());
    10 drm OH_DrmLicenseTemplate_SetInt |c| OH_DrmLicenseTemplate_SetInt(c.handle(Template), c.text(), c.number());
    10 drm OH_DrmLicenseTemplate_SetString |c| OH_DrmLicenseTemplate_SetString(c.handle(Template), c.text(), c.text());
    10 drm OH_DrmLicenseTemplate_Validate |c| OH_DrmLicenseTemplate_Validate(c.handle(Template));
    10 drm OH_DrmLicenseTemplate_Serialize |c| { let (p, n) = c.sized_buffer(); OH_DrmLicenseTemplate_Serialize(c.handle(Template), p.cast(), c.in_out(n)) };
    10 drm OH_DrmLicenseTemplate_GetEffectivePolicy |c| { let (p, n) = c.sized_buffer(); OH_DrmLicenseTemplate_GetEffectivePolicy(c.handle(Template), c.text(), p.cast(), c.in_out(n)) };
    10 drm OH_DrmLicenseTemplate_GetWarnings |c| { let (p, n) = c.sized_buffer(); OH_DrmLicenseTemplate_GetWarnings(c.handle(Template), c.text(), p.cast(), c.in_out(n)) };
    10 drm OH_DrmLicenseTemplate_GetRefusalStatus |c| OH_DrmLicenseTemplate_GetRefusalStatus(c.handle(Template), c.out());
    10 drm OH_DrmLicenseTemplate_GetRefusalRule |c| { let (p, n) = c.sized_buffer(); OH_DrmLicenseTemplate_GetRefusalRule(c.handle(Template), p.cast(), c.in_out(n)) };
    10 drm OH_DrmLicenseTemplate_GetRefusalPointer |c| { let (p, n) = c.sized_buffer(); OH_DrmLicenseTemplate_GetRefusalPointer(c.handle(Template), p.cast(), c.in_out(n)) };
    10 drm OH_DrmLicenseTemplate_GetRefusal |c| { let (p, n) = c.sized_buffer(); OH_DrmLicenseTemplate_GetRefusal(c.handle(Template), p.cast(), c.in_out(n)) };

    1 drm OH_DrmLicenseService_Create |c| OH_DrmLicenseService_Create(ptr::null(), LicenseProfileValue(c.small() / 3), c.new_handle()) => Service;
    1 drm OH_DrmLicenseService_Destroy |c| OH_DrmLicenseService_Destroy(c.doomed(Service));
    2 drm OH_DrmLicenseService_AddContent |c| { let (p, n) = c.sized(); OH_DrmLicenseService_AddContent(c.handle(Service), p, n) };
    2 drm OH_DrmLicenseService_AddPolicy |c| { let (p, n) = c.sized(); OH_DrmLicenseService_AddPolicy(c.handle(Service), c.text(), p, n) };
    2 drm OH_DrmLicenseService_AddProvider |c| OH_DrmLicenseService_AddProvider(c.handle(Service), c.text(), c.text());
    2 drm OH_DrmLicenseService_AddCatalog |c| { let (p, n) = c.sized(); OH_DrmLicenseService_AddCatalog(c.handle(Service), p, n) };
    2 drm OH_DrmLicenseService_GetContentKey |c| { let (p, n) = c.sized(); OH_DrmLicenseService_GetContentKey(c.handle(Service), p, n, c.text(), c.out::<[u8; 16]>().cast(), c.out::<[u8; 16]>().cast()) };
    6 drm OH_DrmLicenseService_HandleMessage |c| { let ((p, n), (r, m)) = (c.sized(), c.sized_buffer()); OH_DrmLicenseService_HandleMessage(c.handle(Service), p, n, r, c.in_out(m), c.note()) };
    2 drm OH_DrmLicenseService_RevokeLicense |c| OH_DrmLicenseService_RevokeLicense(c.handle(Service), c.sixteen());
    2 drm OH_DrmLicenseService_GetAuthority |c| { let (p, n) = c.sized_buffer(); OH_DrmLicenseService_GetAuthority(c.handle(Service), p, c.in_out(n)) };
    2 drm OH_DrmLicenseService_SetTime |c| OH_DrmLicenseService_SetTime(c.handle(Service), c.number());

    10 plain OH_AVCencInfo_Create |c| { let handle = OH_AVCencInfo_Create(); c.keep_pointer(Cenc, handle) };
    5 av OH_AVCencInfo_Destroy |c| OH_AVCencInfo_Destroy(c.doomed(Cenc));
    10 av OH_AVCencInfo_SetAlgorithm |c| OH_AVCencInfo_SetAlgorithm(c.handle(Cenc), CencAlgorithmValue(c.small()));
    10 av OH_AVCencInfo_SetKeyIdAndIv |c| { let (a, b) = (c.script.one_of(&[16, 16, 16, 8, 0]), c.script.one_of(&[16, 16, 16, 15, 0])); OH_AVCencInfo_SetKeyIdAndIv(c.handle(Cenc), c.sixteen(), a, c.sixteen(), b) };
    10 av OH_AVCencInfo_SetSubsampleInfo |c| { let table = subsamples(c); let table = c.given(table); OH_AVCencInfo_SetSubsampleInfo(c.handle(Cenc), c.small() / 4, c.small() / 4, c.small() * 3, c.small() % 5, table.cast()) };
    10 av OH_AVCencInfo_SetMode |c| OH_AVCencInfo_SetMode(c.handle(Cenc), CencInfoModeValue(c.small() / 3));
    20 av OH_AVCencInfo_SetAVBuffer |c| OH_AVCencInfo_SetAVBuffer(c.handle(Cenc), c.handle(Buffer));
    10 av OH_AVCencInfo_GetSampleInfo |c| { let mut info = sample_info(c); info.structSize += u32::from(c.script.byte() == 0); let room = c.out::<[DrmSubsample; TABLE]>(); OH_AVCencInfo_GetSampleInfo(c.handle(Cenc), c.script.word(), c.in_out(info), room.cast(), c.in_out(TABLE as u32)) };

    10 plain OH_AVBuffer_Create |c| { let handle = OH_AVBuffer_Create(c.script.one_of(&[64, 1, 100, 4096, 65_536, 0, -1, i32::MIN])); c.keep_pointer(Buffer, handle) };
    5 av OH_AVBuffer_Destroy |c| OH_AVBuffer_Destroy(c.doomed(Buffer));
    5 av OH_AVBuffer_GetBufferAttr |c| OH_AVBuffer_GetBufferAttr(c.handle(Buffer), c.out());
    20 av OH_AVBuffer_SetBufferAttr |c| { let attr = OH_AVCodecBufferAttr { pts: c.number(), size: range(c), offset: range(c), flags: c.small() }; let attr = c.given(attr); OH_AVBuffer_SetBufferAttr(c.handle(Buffer), attr) };
    5 plain OH_AVBuffer_GetAddr |c| OH_AVBuffer_GetAddr(c.handle(Buffer));
    5 plain OH_AVBuffer_GetCapacity |c| OH_AVBuffer_GetCapacity(c.handle(Buffer));

    10 metadata OH_AVMetadataBuilder_Create |c| OH_AVMetadataBuilder_Create(c.new_handle()) => Builder;
    5 metadata OH_AVMetadataBuilder_Destroy |c| OH_AVMetadataBuilder_Destroy(c.doomed(Builder));
    4 metadata OH_AVMetadataBuilder_SetAssetId |c| OH_AVMetadataBuilder_SetAssetId(c.handle(Builder), c.text());
    4 metadata OH_AVMetadataBuilder_SetTitle |c| OH_AVMetadataBuilder_SetTitle(c.handle(Builder), c.text());
    4 metadata OH_AVMetadataBuilder_SetArtist |c| OH_AVMetadataBuilder_SetArtist(c.handle(Builder), c.text());
    4 metadata OH_AVMetadataBuilder_SetAuthor |c| OH_AVMetadataBuilder_SetAuthor(c.handle(Builder), c.text());
    4 metadata OH_AVMetadataBuilder_SetAlbum |c| OH_AVMetadataBuilder_SetAlbum(c.handle(Builder), c.text());
    4 metadata OH_AVMetadataBuilder_SetWriter |c| OH_AVMetadataBuilder_SetWriter(c.handle(Builder), c.text());
    4 metadata OH_AVMetadataBuilder_SetComposer |c| OH_AVMetadataBuilder_SetComposer(c.handle(Builder), c.text());
    4 metadata OH_AVMetadataBuilder_SetDuration |c| OH_AVMetadataBuilder_SetDuration(c.handle(Builder), c.number());
    4 metadata OH_AVMetadataBuilder_SetMediaImageUri |c| OH_AVMetadataBuilder_SetMediaImageUri(c.handle(Builder), c.text());
    4 metadata OH_AVMetadataBuilder_SetSubtitle |c| OH_AVMetadataBuilder_SetSubtitle(c.handle(Builder), c.text());
    4 metadata OH_AVMetadataBuilder_SetDescription |c| OH_AVMetadataBuilder_SetDescription(c.handle(Builder), c.text());
    8 metadata OH_AVMetadataBuilder_SetLyric |c| OH_AVMetadataBuilder_SetLyric(c.handle(Builder), c.text());
    4 metadata OH_AVMetadataBuilder_SetSkipIntervals |c| OH_AVMetadataBuilder_SetSkipIntervals(c.handle(Builder), SkipIntervalsValue(c.small() * 5));
    4 metadata OH_AVMetadataBuilder_SetDisplayTags |c| OH_AVMetadataBuilder_SetDisplayTags(c.handle(Builder), c.number());
    4 metadata OH_AVMetadataBuilder_SetFilter |c| OH_AVMetadataBuilder_SetFilter(c.handle(Builder), c.small() * 2);
    4 metadata OH_AVMetadataBuilder_SetPreviousAssetId |c| OH_AVMetadataBuilder_SetPreviousAssetId(c.handle(Builder), c.text());
    4 metadata OH_AVMetadataBuilder_SetNextAssetId |c| OH_AVMetadataBuilder_SetNextAssetId(c.handle(Builder), c.text());
    10 metadata OH_AVMetadataBuilder_GenerateAVMetadata |c| OH_AVMetadataBuilder_GenerateAVMetadata(c.handle(Builder), c.new_handle()) => Metadata;
    5 metadata OH_AVMetadata_Destroy |c| OH_AVMetadata_Destroy(c.doomed(Metadata));
    10 session OH_AVMetadata_GetLyricLine |c| { let (p, n) = c.sized_buffer(); OH_AVMetadata_GetLyricLine(c.handle(Metadata), c.number(), p.cast(), c.in_out(n)) };

    20 session OH_AVSession_Create |c| OH_AVSession_Create(SessionTypeValue(c.small()), c.text(), c.text(), c.text(), c.new_handle()) => Av;
    10 session OH_AVSession_AcquireSession |c| OH_AVSession_AcquireSession(c.text(), c.text(), c.text(), c.new_handle()) => Av;
    5 session OH_AVSession_Destroy |c| OH_AVSession_Destroy(c.doomed(Av));
    10 session OH_AVSession_Activate |c| OH_AVSession_Activate(c.handle(Av));
    5 session OH_AVSession_Deactivate |c| OH_AVSession_Deactivate(c.handle(Av));
    5 session OH_AVSession_GetSessionType |c| OH_AVSession_GetSessionType(c.handle(Av), c.out());
    5 session OH_AVSession_GetSessionId |c| OH_AVSession_GetSessionId(c.handle(Av), c.out());
    5 session OH_AVSession_SetAVMetadata |c| OH_AVSession_SetAVMetadata(c.handle(Av), c.handle(Metadata));
    5 session OH_AVSession_SetPlaybackState |c| OH_AVSession_SetPlaybackState(c.handle(Av), PlaybackStateValue(c.small() * 2));
    5 session OH_AVSession_SetPlaybackPosition |c| { let position = AVSession_PlaybackPosition { elapsedTime: c.number(), updateTime: c.number() }; let position = c.given(position); OH_AVSession_SetPlaybackPosition(c.handle(Av), position) };
    5 session OH_AVSession_SetFavorite |c| OH_AVSession_SetFavorite(c.handle(Av), c.flag());
    5 session OH_AVSession_SetLoopMode |c| OH_AVSession_SetLoopMode(c.handle(Av), LoopModeValue(c.small()));
    5 session OH_AVSession_SetRemoteCastEnabled |c| OH_AVSession_SetRemoteCastEnabled(c.handle(Av), c.flag());
    5 session OH_AVSession_SetPlaybackSpeed |c| OH_AVSession_SetPlaybackSpeed(c.handle(Av), f64::from_bits(c.script.long()));
    5 session OH_AVSession_SetPlaybackVolume |c| OH_AVSession_SetPlaybackVolume(c.handle(Av), c.number());
    5 session OH_AVSession_SetBufferedTime |c| OH_AVSession_SetBufferedTime(c.handle(Av), c.number());
    5 session OH_AVSession_SetActiveItemId |c| OH_AVSession_SetActiveItemId(c.handle(Av), c.number());
    5 session OH_AVSession_SetPrivate |c| OH_AVSession_SetPrivate(c.handle(Av), c.flag());
    5 session OH_AVSession_SetExtras |c| OH_AVSession_SetExtras(c.handle(Av), c.text());
    5 session OH_AVSession_SetAVQueueItems |c| { let items = queue(c); let items = c.given(items); OH_AVSession_SetAVQueueItems(c.handle(Av), items.cast(), c.small() % 3) };
    10 session OH_AVSession_GetCurrentLyricLine |c| { let (p, n) = c.sized_buffer(); OH_AVSession_GetCurrentLyricLine(c.handle(Av), p.cast(), c.in_out(n)) };
    5 session OH_AVSession_GetCurrentPosition |c| OH_AVSession_GetCurrentPosition(c.handle(Av), c.out());
    10 session OH_AVSession_AcquirePlaybackState |c| OH_AVSession_AcquirePlaybackState(c.handle(Av), c.new_handle()) => Playback;
    5 session OH_AVSession_ReleasePlaybackState |c| OH_AVSession_ReleasePlaybackState(c.doomed(Playback));
    5 session OH_AVSession_GetPlaybackState |c| OH_AVSession_GetPlaybackState(c.handle(Playback), c.out());
    5 session OH_AVSession_GetPlaybackPosition |c| OH_AVSession_GetPlaybackPosition(c.handle(Playback), c.out());
    5 session OH_AVSession_GetPlaybackSpeed |c| OH_AVSession_GetPlaybackSpeed(c.handle(Playback), c.out());
    5 session OH_AVSession_GetPlaybackVolume |c| OH_AVSession_GetPlaybackVolume(c.handle(Playback), c.out());
    20 session OH_AVSession_HandleMediaKey |c| OH_AVSession_HandleMediaKey(c.handle(Av), c.script.one_of(&[10, 11, 12, 13, 14, 15, 2085, 2086, 0]), c.small() as i32 % 4, c.number());
    5 session OH_AVSession_RegisterCommandCallback |c| OH_AVSession_RegisterCommandCallback(c.handle(Av), ControlCommandValue(c.small()), c.maybe(Some(on_command as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterCommandCallback |c| OH_AVSession_UnregisterCommandCallback(c.handle(Av), ControlCommandValue(c.small()), c.maybe(Some(on_command as _)));
    5 session OH_AVSession_RegisterForwardCallback |c| OH_AVSession_RegisterForwardCallback(c.handle(Av), c.maybe(Some(on_move as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterForwardCallback |c| OH_AVSession_UnregisterForwardCallback(c.handle(Av), c.maybe(Some(on_move as _)));
    5 session OH_AVSession_RegisterRewindCallback |c| OH_AVSession_RegisterRewindCallback(c.handle(Av), c.maybe(Some(on_move as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterRewindCallback |c| OH_AVSession_UnregisterRewindCallback(c.handle(Av), c.maybe(Some(on_move as _)));
    5 session OH_AVSession_RegisterSeekCallback |c| OH_AVSession_RegisterSeekCallback(c.handle(Av), c.maybe(Some(on_seek as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterSeekCallback |c| OH_AVSession_UnregisterSeekCallback(c.handle(Av), c.maybe(Some(on_seek as _)));
    5 session OH_AVSession_RegisterSetLoopModeCallback |c| OH_AVSession_RegisterSetLoopModeCallback(c.handle(Av), c.maybe(Some(on_loop_mode as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterSetLoopModeCallback |c| OH_AVSession_UnregisterSetLoopModeCallback(c.handle(Av), c.maybe(Some(on_loop_mode as _)));
    5 session OH_AVSession_RegisterToggleFavoriteCallback |c| OH_AVSession_RegisterToggleFavoriteCallback(c.handle(Av), c.maybe(Some(on_text as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterToggleFavoriteCallback |c| OH_AVSession_UnregisterToggleFavoriteCallback(c.handle(Av), c.maybe(Some(on_text as _)));
    5 session OH_AVSession_RegisterSetSpeedCallback |c| OH_AVSession_RegisterSetSpeedCallback(c.handle(Av), c.maybe(Some(on_speed as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterSetSpeedCallback |c| OH_AVSession_UnregisterSetSpeedCallback(c.handle(Av), c.maybe(Some(on_speed as _)));
    5 session OH_AVSession_RegisterSetVolumeCallback |c| OH_AVSession_RegisterSetVolumeCallback(c.handle(Av), c.maybe(Some(on_item as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterSetVolumeCallback |c| OH_AVSession_UnregisterSetVolumeCallback(c.handle(Av), c.maybe(Some(on_item as _)));
    5 session OH_AVSession_RegisterSetTargetLoopModeCallback |c| OH_AVSession_RegisterSetTargetLoopModeCallback(c.handle(Av), c.maybe(Some(on_loop_mode as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterSetTargetLoopModeCallback |c| OH_AVSession_UnregisterSetTargetLoopModeCallback(c.handle(Av), c.maybe(Some(on_loop_mode as _)));
    5 session OH_AVSession_RegisterPlayFromAssetIdCallback |c| OH_AVSession_RegisterPlayFromAssetIdCallback(c.handle(Av), c.maybe(Some(on_text as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterPlayFromAssetIdCallback |c| OH_AVSession_UnregisterPlayFromAssetIdCallback(c.handle(Av), c.maybe(Some(on_text as _)));
    5 session OH_AVSession_RegisterSkipToQueueItemCallback |c| OH_AVSession_RegisterSkipToQueueItemCallback(c.handle(Av), c.maybe(Some(on_item as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterSkipToQueueItemCallback |c| OH_AVSession_UnregisterSkipToQueueItemCallback(c.handle(Av), c.maybe(Some(on_item as _)));
    5 session OH_AVSession_RegisterCommonCommandCallback |c| OH_AVSession_RegisterCommonCommandCallback(c.handle(Av), c.maybe(Some(on_common as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterCommonCommandCallback |c| OH_AVSession_UnregisterCommonCommandCallback(c.handle(Av), c.maybe(Some(on_common as _)));
    5 session OH_AVSession_RegisterHandleKeyEventCallback |c| OH_AVSession_RegisterHandleKeyEventCallback(c.handle(Av), c.maybe(Some(on_key as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterHandleKeyEventCallback |c| OH_AVSession_UnregisterHandleKeyEventCallback(c.handle(Av), c.maybe(Some(on_key as _)));
    5 session OH_AVSession_RegisterAnswerCallback |c| OH_AVSession_RegisterAnswerCallback(c.handle(Av), c.maybe(Some(on_call as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterAnswerCallback |c| OH_AVSession_UnregisterAnswerCallback(c.handle(Av), c.maybe(Some(on_call as _)));
    5 session OH_AVSession_RegisterHangUpCallback |c| OH_AVSession_RegisterHangUpCallback(c.handle(Av), c.maybe(Some(on_call as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterHangUpCallback |c| OH_AVSession_UnregisterHangUpCallback(c.handle(Av), c.maybe(Some(on_call as _)));
    5 session OH_AVSession_RegisterToggleCallMuteCallback |c| OH_AVSession_RegisterToggleCallMuteCallback(c.handle(Av), c.maybe(Some(on_call as _)), ptr::null_mut());
    2 session OH_AVSession_UnregisterToggleCallMuteCallback |c| OH_AVSession_UnregisterToggleCallMuteCallback(c.handle(Av), c.maybe(Some(on_call as _)));
}

/// Init data and options, of which some can be.
pub fn request_info(c: &mut Context<'_>) -> DRM_MediaKeyRequestInfo {
    // SAFETY: the struct is made of integers.
    let mut info: DRM_MediaKeyRequestInfo = unsafe { std::mem::zeroed() };
    info.r#type = MediaKeyTypeValue(c.small() % 3);
    let (mime, data): (&[u8], &[u8]) = match c.small() {
        0 => (b"keyids", br#"{"kids":["AAECAwQFBgcICQoLDA0ODw"]}"#),
        1 | 2 => (b"webm", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
        3 => (b"cenc", &[]),
        4 => (&[b'x'; MAX_MIMETYPE_LEN], &[0; MAX_INIT_DATA_LEN]),
        _ => (b"video/webm", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
    };
    for (to, from) in info.mimeType.iter_mut().zip(mime) {
        *to = *from as _;
    }
    info.initData[..data.len()].copy_from_slice(data);
    info.initDataLen = if c.script.byte() == 0 { c.script.number() as i32 } else { data.len() as i32 };
    info.optionsCount = if c.script.byte() == 0 { c.script.number() as u32 } else { c.small() / 7 };
    for (to, from) in info.optionName[0].iter_mut().zip(b"requestType") {
        *to = *from as _;
    }
    for (to, from) in info.optionData[0].iter_mut().zip(b"renewal") {
        *to = *from as _;
    }
    info
}

const TABLE: usize = 4;

fn subsamples(c: &mut Context<'_>) -> [DrmSubsample; TABLE] {
    [(); TABLE].map(|()| DrmSubsample { clearHeaderLen: c.small(), payLoadLen: u32::from(c.script.byte()) })
}

/// An offset or a size, mostly within a buffer.
fn range(c: &mut Context<'_>) -> i32 {
    match c.script.byte() {
        0 => c.number(),
        byte => i32::from(byte) / 4,
    }
}

/// A sample whose subsamples, if any, add up to no more than the data.
pub fn sample_info(c: &mut Context<'_>) -> DRM_SampleInfo {
    let table = subsamples(c);
    let table = c.given(table);
    DRM_SampleInfo {
        structSize: size_of::<DRM_SampleInfo>() as u32,
        algorithm: CencAlgorithmValue(c.small()),
        scheme: 0,
        ivLen: c.script.one_of(&[8, 16, 16, 7]),
        keyId: c.script.one_of(&[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [9; 16]]),
        iv: c.script.array(),
        cryptByteBlock: c.small() / 6,
        skipByteBlock: c.small() / 6,
        subsampleCount: if c.flag() { 0 } else { c.small() % (TABLE as u32 + 1) },
        reserved: u32::from(c.script.byte() == 0),
        subsamples: table.cast(),
    }
}

fn unit_info(c: &mut Context<'_>) -> DRM_AccessUnitInfo {
    DRM_AccessUnitInfo {
        structSize: size_of::<DRM_AccessUnitInfo>() as u32,
        format: c.small() % 9,
        nalLengthSize: c.script.one_of(&[0, 0, 0, 1, 2, 3, 4]),
        algorithm: c.script.one_of(&[0, 0, 0, 1, 2, 3, 4, 5]),
        keyId: c.script.one_of(&[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [9; 16]]),
        iv: c.script.array(),
    }
}

/// The start of a stream.
const NO_CEI: DRM_AccessUnitState = DRM_AccessUnitState {
    flags: 0,
    algorithm: 0,
    ivLen: 0,
    reserved: 0,
    keyId: [0; 16],
    nextKeyId: [0; 16],
    iv: [0; 16],
    reservedForLater: [0; 64],
};

fn data(c: &mut Context<'_>) -> (*mut u8, u32) {
    c.sized_buffer()
}

fn samples(c: &mut Context<'_>) -> [DRM_Sample; 3] {
    [(); 3].map(|()| {
        let info = sample_info(c);
        let info = c.given(info);
        let (data, length) = data(c);
        DRM_Sample { info, data, dataLen: length, reserved: 0 }
    })
}

fn queue(c: &mut Context<'_>) -> [NativeAVSession_QueueItem; 2] {
    [(); 2].map(|()| NativeAVSession_QueueItem {
        itemId: c.number(),
        assetId: c.text(),
        title: c.text(),
        subtitle: c.text(),
        artist: c.text(),
        mediaImageUri: c.text(),
        duration: c.number(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    /// A function that is declared and never called here would be left out without anybody noticing.
    #[test]
    fn every_declared_function_is_called() {
        let mut declared = BTreeSet::new();
        let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../include");
        for kit in ["", "multimedia/drm_framework", "multimedia/player_framework", "multimedia/av_session"] {
            let items = std::fs::read_dir(include.join(kit)).unwrap().map(|item| item.unwrap().path());
            for header in items.filter(|path| path.extension().is_some_and(|extension| extension == "h")) {
                let text = std::fs::read_to_string(header).unwrap();
                for line in text.lines().filter(|line| !line.starts_with([' ', '/', '#', '}'])) {
                    let before = line.split('(').next().unwrap();
                    let name = before.rsplit([' ', '*']).next().unwrap();
                    if name.starts_with("OH_") && line.contains('(') && !line.starts_with("typedef") {
                        declared.insert(name.to_owned());
                    }
                }
            }
        }
        // The main function of the host program: it takes over the process. `host_messages` feeds what is behind it.
        assert!(declared.remove("OH_Drm_RunHost"));
        let called: BTreeSet<_> = super::names().map(str::to_owned).collect();
        assert_eq!(declared, called);
    }
}
