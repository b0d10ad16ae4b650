#pragma once
#include <opus.h>
#include <opusenc.h>

/* What the libraries offer through variadic functions only, which Swift cannot call; no policy here. */

static inline int outdial_opus_encoder_set(OpusEncoder *encoder, int request, opus_int32 value) {
    return opus_encoder_ctl(encoder, request, value);
}

static inline int outdial_ope_encoder_set(OggOpusEnc *encoder, int request, opus_int32 value) {
    return ope_encoder_ctl(encoder, request, value);
}
